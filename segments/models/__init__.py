from segments.models.division import Division
from segments.models.groups import GroupReport
from segments.models.lifetime import LifetimeReport, Prediction
from segments.models.membership import SegmentMembership
from segments.models.rule import SegmentRefresh, SegmentRule
from segments.models.segment import Segment
from segments.models.segmentation import Segmentation

__all__ = [
    "Division",
    "GroupReport",
    "LifetimeReport",
    "Prediction",
    "Segment",
    "SegmentMembership",
    "SegmentRefresh",
    "SegmentRule",
    "Segmentation",
]
