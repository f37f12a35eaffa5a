from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.etags import is_known
from loyalty.api.viewsets import ApiViewSet
from recommender.models import Recommendation
from recommender.models.placements import DEFAULT, MOST, PLACEMENTS
from recommender.services.lists import Given, NoSuchCustomer, give_list
from recommender.services.online import SOURCES, ServedItem, ServedVersion
from recommender.services.questions import NotUnderstood, Question, understood


class ProductShownSerializer(serializers.Serializer[ServedItem]):
    rank = serializers.IntegerField()
    sku = serializers.CharField()
    product_name = serializers.CharField()
    reason = serializers.CharField(help_text="One sentence that may stand beside the product.")
    because = serializers.CharField(allow_null=True, help_text="SKU of the product that speaks for it.")
    in_place_of = serializers.CharField(allow_null=True, help_text="SKU of the product that is out of stock.")


class ServedVersionSerializer(serializers.Serializer[ServedVersion]):
    id = serializers.IntegerField()
    label: Any = serializers.CharField()
    algorithm = serializers.CharField()


class GivenSerializer(serializers.Serializer[Given]):
    recommendation_id = serializers.UUIDField(
        allow_null=True, help_text="Send it along with clicks and orders that follow; null when nothing is shown."
    )
    customer = serializers.CharField(help_text="External id.")
    placement = serializers.CharField()
    made_at = serializers.DateTimeField()
    source: Any = serializers.ChoiceField(
        choices=SOURCES, help_text="Made of the model's list for this customer, or of something simpler."
    )
    model = ServedVersionSerializer(
        allow_null=True, help_text="The version whose list it is; null for something simpler."
    )
    note = serializers.CharField(help_text="Why nothing is shown; empty otherwise.")
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="Products not shown, by the reason.")
    items = ProductShownSerializer(many=True)


SESSION = "SKUs of what is being viewed or has been added, oldest first, with commas between; at most 20."
PLACES = ", ".join(f"`{one.name}` ({one.label[:1].lower()}{one.label[1:]})" for one in PLACEMENTS.values())


@extend_schema(tags=["Recommendations"])
class CustomerRecommendationsView(ApiViewSet):
    """One list, made for this moment; no rows of a table, so nothing to page through."""

    noun = "recommendations"
    queryset = Recommendation.objects.none()
    serializer_class = GivenSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(
        summary="What to show to one customer in one place, best first",
        description=(
            "Made of the customer's own list by the model in use, of what is being looked at, and of what is known at "
            "this moment: what was bought already and is not bought twice, what is out of stock (its substitute takes "
            "its place), what marketers pinned or blocked. A customer who refused the purpose of the place gets an "
            "empty list that says so. Every product comes with its reason. The same list, with the same number, is "
            "given again for up to ten minutes unless a purchase, a change of stock or of consent comes in between."
        ),
        parameters=[
            OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="Key of the customer."),
            OpenApiParameter("placement", str, enum=list(PLACEMENTS), default=DEFAULT, description=f"Where: {PLACES}."),
            OpenApiParameter("k", {"type": "integer", "minimum": 1, "maximum": MOST}, description="How many at most."),
            OpenApiParameter("session", str, description=SESSION),
        ],
        responses=GivenSerializer,
    )
    def retrieve(self, request: Request, external_id: str) -> Response:
        asked = _asked(request)
        try:
            given = give_list(asked, customer_key=external_id, at=timezone.now())
        except NoSuchCustomer as error:
            raise Http404(str(error)) from error
        if is_known(request, given.etag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": given.etag})
        return Response(given.told, headers={"ETag": given.etag})


def _asked(request: Request) -> Question:
    try:
        return understood(request.query_params)
    except NotUnderstood as error:
        raise ValidationError(error.problems) from error
