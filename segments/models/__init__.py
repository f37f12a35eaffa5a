from segments.models.membership import SegmentMembership
from segments.models.segment import Segment
from segments.models.segmentation import Segmentation

__all__ = ["Segment", "SegmentMembership", "Segmentation"]
