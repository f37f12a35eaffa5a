"""Which recommender deserves to serve: held on earlier weeks, tested once, and explained."""
