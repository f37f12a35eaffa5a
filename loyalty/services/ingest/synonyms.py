"""What other programs call our columns, compared without capitals, blanks and signs: `Invoice No.` is known."""

import re
import unicodedata

SYNONYMS: dict[str, tuple[str, ...]] = {
    "order_id": (
        "order", "orderid", "orderno", "ordernumber", "ordernr", "invoice", "invoiceno", "invoicenumber",
        "invoiceid", "basketid", "transactionid", "receipt", "receiptno", "receiptid", "ticketid", "bestellnummer",
        "bestellnr", "auftragsnummer", "rechnungsnummer", "rechnungsnr", "belegnummer", "belegnr", "bonnummer",
        "commande", "pedido",
    ),
    "customer_id": (
        "customer", "customerid", "customerno", "customernumber", "customerkey", "clientid", "cardid", "cardnumber",
        "loyaltyid", "memberid", "userid", "householdid", "householdkey", "visitorid", "shopperid", "personid",
        "kundennummer", "kundennr", "kunde", "kundenid", "client", "cliente", "clienteid",
    ),
    "ordered_at": (
        "orderdate", "ordertime", "orderdatetime", "orderedon", "invoicedate", "transactiontimestamp",
        "transactiondate", "transactiontime", "purchasedate", "purchasedat", "date", "datetime", "timestamp",
        "time", "createdat", "bestelldatum", "datum", "rechnungsdatum", "kaufdatum", "auftragsdatum", "fecha",
    ),
    "sku": (
        "stockcode", "productid", "product", "productcode", "productno", "articleid", "articleno", "articlenumber",
        "itemid", "itemno", "itemcode", "item", "ean", "gtin", "upc", "variantsku", "artikelnummer", "artikelnr",
        "artikel", "clothingid", "produkt", "produktnummer",
    ),
    "quantity": (
        "qty", "amountofitems", "units", "pieces", "count", "menge", "anzahl", "stueck", "stuck", "quantite",
        "cantidad",
    ),
    "unit_price": (
        "unitprice", "price", "priceperunit", "itemprice", "einzelpreis", "stueckpreis", "stuckpreis", "preis",
        "prix",
    ),
    "amount": (
        "salesvalue", "linetotal", "total", "totalprice", "lineamount", "revenue", "sales", "value", "subtotal",
        "extendedprice", "betrag", "summe", "umsatz", "gesamtpreis", "zeilenbetrag", "montant", "importe",
    ),
    "discount": ("discountamount", "retaildisc", "retaildiscount", "rabatt", "nachlass", "remise"),
    "coupon_discount": ("coupondisc", "couponamount", "voucheramount", "gutschein", "gutscheinrabatt"),
    "product_name": (
        "description", "productname", "productdescription", "itemname", "itemdescription", "articlename",
        "bezeichnung", "artikelbezeichnung", "produktname", "beschreibung", "title",
    ),
    "product_category": ("category", "productcategory", "department", "producttype", "warengruppe", "kategorie"),
    "store": ("storeid", "shop", "shopid", "branch", "branchid", "location", "filiale", "markt", "laden"),
    "channel": ("saleschannel", "orderchannel", "source", "kanal", "vertriebskanal"),
    "currency": ("currencycode", "curr", "waehrung", "wahrung", "devise", "moneda"),
    "reverses": ("reversesorder", "originalorder", "originalorderid", "refundof", "returnof", "storno"),
    "line_number": ("line", "lineno", "lineid", "linenumber", "position", "pos", "positionsnummer"),
    "name": (
        "fullname", "customername", "productname", "description", "title", "itemname", "kundenname", "bezeichnung",
        "nombre", "nom", "offername", "campaignname",
    ),
    "age_group": ("age", "agegroup", "agedesc", "ageband", "agerange", "alter", "altersgruppe"),
    "gender": ("sex", "geschlecht", "sexe", "genero"),
    "income_band": ("income", "incomeband", "incomedesc", "incomegroup", "einkommen"),
    "household_type": (
        "hhcomp", "householdcomp", "hhcompdesc", "householdtype", "household", "haushalt", "haushaltstyp",
    ),
    "household_size": ("hhsize", "householdsize", "householdsizedesc", "haushaltsgroesse"),
    "location": ("country", "city", "region", "state", "zip", "postcode", "zipcode", "ort", "stadt", "land", "plz"),
    "preferred_channel": ("preferredchannel", "channelpreference", "contactchannel"),
    "joined_on": (
        "joindate", "joined", "signupdate", "membersince", "customersince", "registered", "registrationdate",
        "createdat", "beitritt", "kundeseit",
    ),
    "category": (
        "categorypath", "productcategory", "department", "producttype", "type", "kategorie", "warengruppe",
        "categorie",
    ),
    "brand": ("manufacturer", "vendor", "marke", "hersteller", "marque"),
    "price": ("listprice", "retailprice", "unitprice", "saleprice", "preis", "verkaufspreis", "prix", "variantprice"),
    "cost": ("unitcost", "costprice", "purchaseprice", "einkaufspreis", "kosten", "costperitem"),
    "stock": ("inventory", "stockquantity", "onhand", "quantityonhand", "inventoryqty", "bestand", "lagerbestand"),
    "quantity_unit": ("unit", "uom", "unitofmeasure", "einheit", "mengeneinheit"),
    "text": (
        "description", "longdescription", "body", "bodyhtml", "reviewtext", "review", "comment", "beschreibung",
        "text",
    ),
    "event_id": ("eventid", "messageid", "id", "hitid"),
    "type": ("event", "eventname", "eventtype", "action", "activity", "ereignis"),
    "occurred_at": (
        "eventtime", "eventdate", "timestamp", "time", "datetime", "date", "occurredat", "zeitpunkt", "datum",
    ),
    "session": ("sessionid", "visitid", "sitzung"),
    "source": ("system", "origin", "quelle"),
    "value": ("rating", "score", "stars", "bewertung", "sterne", "note"),
    "rated_at": ("ratedon", "ratingdate", "reviewdate", "date", "timestamp", "datum"),
    "reviewed_at": ("reviewdate", "reviewedon", "date", "timestamp", "datum"),
    "at": ("consentedat", "consentdate", "date", "timestamp", "givenat", "datum"),
    "state": ("status", "consent", "optin", "zustand"),
    "purpose": ("consentpurpose", "zweck"),
    "offer_id": ("offer", "couponid", "couponupc", "promotionid", "offercode", "angebot"),
    "campaign_id": ("campaign", "campaignid", "campaignno", "kampagne"),
    "starts_at": ("startdate", "start", "startson", "begin", "von"),
    "ends_at": ("enddate", "end", "endson", "bis"),
    "valid_from": ("startdate", "validsince", "gueltigab"),
    "valid_until": ("enddate", "validto", "expires", "gueltigbis"),
    "redeemed_at": ("redemptiondate", "redeemedon", "date", "timestamp"),
    "sent_at": ("sentdate", "senton", "senddate", "date"),
}  # fmt: skip


def normalised(name: str) -> str:
    """Small letters and digits only: `Bestell-Nr.` is bestellnr, `Größe` is grosse."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o"))
    return re.sub(r"[^\w]|_", "", "".join(letter for letter in plain if not unicodedata.combining(letter)))
