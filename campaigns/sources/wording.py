"""Words of a till system, cut short and in capitals, as people would write them."""

import re

WORDS = {
    "acc": "accessories", "accs": "accessories", "appl": "appliances", "bev": "beverages", "bg": "bags",
    "bkd": "baked", "bn": "beans", "brd": "bread", "brds": "breads", "brkfst": "breakfast", "brskt": "brisket",
    "brst": "breast", "bskts": "baskets", "bth": "bath", "btl": "bottle", "btls": "bottles", "btr": "butter",
    "carb": "carbonated", "catfd": "cat food", "chix": "chicken", "choc": "chocolate", "chp": "chop",
    "chs": "cheese", "ckys": "cookies", "cktls": "cocktails", "cleang": "cleaning", "cnd": "canned",
    "cndy": "candy", "cntrl": "control", "coff": "coffee", "conc": "concentrate", "cont": "contributions",
    "crbntd": "carbonated", "crkr": "crackers", "crmd": "creamed", "crystl": "crystal", "ct": "count",
    "deod": "deodorant", "dnr": "dinner", "dnrs": "dinners", "dogfd": "dog food", "dps": "dips",
    "drnk": "drink", "drnking": "drinking", "drnkng": "drinking", "drnks": "drinks", "drsng": "dressing",
    "dsh": "dishes", "etc": "etc", "fd": "food", "fds": "foods", "fem": "feminine", "flv": "flavor",
    "flvr": "flavor", "flvrd": "flavored", "frd": "fried", "frz": "frozen", "frzn": "frozen",
    "gds": "goods", "gngr": "ginger", "grnd": "ground", "hh": "household", "hngrs": "hangers",
    "hygn": "hygiene", "incl": "including", "ingred": "ingredients", "inf": "infant", "jce": "juice",
    "liq": "liquid", "liqs": "liquors", "lnchmt": "lunchmeat", "lrg": "large", "mfg": "manufacturer",
    "misc": "miscellaneous", "mlk": "milk", "mlt": "multi", "mneral": "mineral", "mnr": "mineral",
    "mnrl": "mineral", "mw": "microwave", "mx": "mix", "mxs": "mixes", "ntrtnl": "nutritional", "pckgd": "packaged",
    "pk": "pack", "pkg": "package", "pkgd": "packaged", "pkld": "pickled", "plstc": "plastic", "pnch": "punch",
    "pnt": "peanut", "pnut": "peanut", "ppk": "pre-packed", "prem": "premium", "prep": "prepared",
    "prod": "produce", "prpck": "pre-packed", "prslc": "pre-sliced", "pwdr": "powder", "pwdrs": "powders",
    "refrgratd": "refrigerated", "refrig": "refrigerated", "reg": "regular", "rw": "random weight",
    "sald": "salad", "sft": "soft", "sgl": "single", "shldr": "shoulder",
    "shlfsh": "shellfish", "slc": "slice", "sndwch": "sandwich", "sngl": "single",
    "snks": "snacks", "sply": "supplies", "sprd": "spread", "srv": "serve", "ss": "single serve", "stk": "steak",
    "sup": "supplies", "supp": "supplement", "sv": "service", "swt": "sweet", "syrp": "syrup", "tiss": "tissue",
    "trsh": "trash", "veg": "vegetable", "wat": "water", "whl": "whole", "whlsm": "wholesome", "whs": "warehouse",
    "wt": "weight", "wtr": "water", "yng": "young",
    # Slips of whoever typed them.
    "chococlate": "chocolate", "disposible": "disposable", "memorablilia": "memorabilia", "mixs": "mixes",
    "perrenials": "perennials", "sherbts": "sherbets", "specilaty": "specialty", "suppplies": "supplies",
    "sweetners": "sweeteners", "traditiona": "traditional",
}  # fmt: skip
SMALL = {"and", "of", "or", "with", "without", "in", "for", "the", "to", "under", "over"}
CAPITALS = {"bbq", "cd", "dvd", "dvds", "fm", "gm", "hbc", "hd", "iqf", "mlb", "nfl", "oj", "otc", "rtd", "rts", "spf",
            "tv", "vhs", "diy", "rx"}  # fmt: skip
PHRASES = {
    "drug gm": "drug and general merchandise",
    "gm merch exp": "general merchandise",
    "cntrl/store sup": "central and store supplies",
    "charitable cont": "charity",
    "elect &plumbing": "electrical and plumbing",
    "hbc": "health and beauty care",
    "sw gds": "sweet goods",
    "misc.": "misc",
    "solid/stk": "solid/stick",
    "beeralemalt": "beer, ale and malt",
    "mexican saucessalsapicantee": "mexican sauces, salsa and picante",
    "w/o": "without ",
    "w/": "with ",
}
SHORTEST_LEFT_OPEN = 4


def readable(text: str) -> str:
    """`FRZN MEAT/MEAT DINNERS` as `Frozen Meat/Meat Dinners`."""
    lowered = text.lower().replace(">", " ")
    for short, whole in PHRASES.items():
        lowered = re.sub(rf"(?<![a-z]){re.escape(short)}(?![a-z])", whole, lowered)
    lowered = re.sub(r"\s*&\s*", " & ", lowered)
    lowered = re.sub(r"([:;,])(?=\S)", r"\1 ", lowered)
    lowered = re.sub(r"(?<=\d)(?=(pk|in|oz|ct|lbs)\b)", " ", lowered)
    lowered = re.sub(r"(?<=\w)- ", " - ", lowered)
    lowered = _closed(re.sub(r"\s+", " ", lowered).strip(" -/&,:;"))
    words = re.sub(r"[a-z']+", lambda found: _word(found.group()), lowered)
    return words[:1].upper() + words[1:]


def _word(word: str) -> str:
    if word in CAPITALS:
        return word.upper()
    if word in SMALL:
        return word
    return " ".join(part.capitalize() for part in WORDS.get(word, word).split())


def _closed(text: str) -> str:
    """The till cuts after 30 characters, often inside brackets: those are closed, or dropped where a stub is left."""
    if text.count("(") <= text.count(")"):
        return text
    before, _, inside = text.rpartition("(")
    if len(inside.strip()) < SHORTEST_LEFT_OPEN:
        return before.strip(" -/&,:;")
    return text + ")"


def size(text: str) -> str:
    """A package size as printed, without the gaps."""
    return re.sub(r"\s+", " ", text).strip()
