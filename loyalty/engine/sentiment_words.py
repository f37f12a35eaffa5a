"""A small list of English words that speak for or against a thing bought. The baseline that learning has to beat."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FOR = _words(
    """
    adorable amazing appealing attractive awesome beautiful beautifully best better bright brilliant charming
    cheerful chic classic clean comfortable comfy compliment compliments convenient cool correct cosy cozy cute
    dazzling delicious delight delighted delightful durable easy effective elegant enjoy enjoyed enjoys excellent
    exceptional exquisite fabulous fantastic fast favorite favourite feminine fine flattering flawless fresh fun
    generous gentle glad good gorgeous great handy happy helpful ideal impressed impressive incredible joy like
    liked lovely loved love loves lucky luxurious magnificent marvellous marvelous neat nice nicely outstanding
    perfect perfection perfectly pleasant pleased pleasure pretty quality quick recommend recommended refreshing
    reliable satisfied sexy sharp silky smart smooth soft solid sparkling special splendid stunning sturdy stylish
    superb super sweet tasty terrific thrilled timeless top unique useful versatile vibrant warm wonderful
    wonderfully worth wow yummy
    """
)
AGAINST = _words(
    """
    annoyed annoying awful awkward bad badly baggy bland boring boxy broke broken bulky cheap cheaply complain
    complaint confusing cracked damaged defect defective dirty disappoint disappointed disappointing
    disappointment disgusting dull expired faded fail failed fails fake fault faulty flaw flawed flaws flimsy
    fragile frumpy hate hated horrible hurts ill impossible inferior irritating itchy junk lacking late leak
    leaked leaking lousy mess messy misleading missing mistake negative noisy odd overpriced painful pathetic
    pilled poor poorly problem problems refund regret return returned returning returns ridiculous rip ripped
    rotten rough ruined sad scratchy shabby shame shapeless sheer shoddy shrank shrunk sloppy slow smell smells
    sour spoiled stain stained stale stiff stink strange tacky tear terrible thin tore torn trash ugly
    unattractive uncomfortable unflattering unfortunately unhappy unravel unusable unwearable upset useless wasted
    waste weak weird worn worse worst worthless wrong
    """
)
TURNING = _words(
    """
    not no never nor neither cannot without hardly barely wasn't isn't don't doesn't didn't won't
    can't couldn't wouldn't shouldn't aren't weren't haven't hasn't ain't nothing
    """
)
STRENGTHENING = _words("very really so extremely absolutely totally completely incredibly super too highly most")
