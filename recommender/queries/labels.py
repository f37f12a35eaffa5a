"""What a marketer calls each way to recommend. No learning library is loaded for it."""

LABELS = {
    "popularity": "What most customers buy",
    "demographic_prior": "What customers of the same kind buy",
    "content_based": "What is like their purchases",
    "personal_frequency": "What this customer buys again",
    "item_knn": "What buyers of the same products buy",
    "ease": "What goes with their purchases",
    "ials": "What lies near their purchases",
    "tifu_knn": "What this customer and others like them buy again",
    "autoencoder": "What customers like this one buy",
    "two_tower": "What suits who they are and what they bought",
    "hybrid": "The best of several ways, in one order",
}
