from loyalty.models.calls import AnsweredCall, CallBudget
from loyalty.models.changes import DataChange
from loyalty.models.customers import Consent, Customer
from loyalty.models.features import FeatureFact, FeatureSurvey
from loyalty.models.interactions import Interaction, Rating
from loyalty.models.jobs import Job, JobEntry
from loyalty.models.keys import ApiKey
from loyalty.models.merges import CustomerAlias, CustomerMerge, MergedRow
from loyalty.models.orders import Order, OrderLine
from loyalty.models.products import Category, Product
from loyalty.models.quality import CleanedValue, DataFlag, DataReport, FlagDecision
from loyalty.models.ratings import ImplicitRating, RatingSetting
from loyalty.models.records import ImportMapping, IngestRun, RejectedRow
from loyalty.models.reviews import Review, SentimentReader
from loyalty.models.sales import CustomerSales, ProductSales, SalesPeriod, SalesVersion
from loyalty.models.silence import ProductSilence, SilenceReport, SilentBuyer, SilentCustomer
from loyalty.models.sources import ImportSource, SourceFile, SourceVisit
from loyalty.models.trail import AuditEntry

__all__ = [
    "AnsweredCall",
    "ApiKey",
    "AuditEntry",
    "CallBudget",
    "Category",
    "CleanedValue",
    "Consent",
    "Customer",
    "CustomerAlias",
    "CustomerMerge",
    "CustomerSales",
    "DataChange",
    "DataFlag",
    "DataReport",
    "FeatureFact",
    "FeatureSurvey",
    "FlagDecision",
    "ImplicitRating",
    "ImportMapping",
    "ImportSource",
    "IngestRun",
    "Interaction",
    "Job",
    "JobEntry",
    "MergedRow",
    "Order",
    "OrderLine",
    "Product",
    "ProductSales",
    "ProductSilence",
    "Rating",
    "RatingSetting",
    "RejectedRow",
    "Review",
    "SalesPeriod",
    "SalesVersion",
    "SentimentReader",
    "SilenceReport",
    "SilentBuyer",
    "SilentCustomer",
    "SourceFile",
    "SourceVisit",
]
