import base64
import binascii
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Trial, TrialArm, UpliftModel
from campaigns.services.trials.importing import take_trial
from campaigns.services.trials.plans import TrialPlan
from loyalty.api.jobs import JobSerializer
from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import NumberedViewSet
from loyalty.services.ingest import FileRefused
from loyalty.tasks import wake

# An example is sent as it stands when the description is tried: it has to be a trial that can be read.
EXAMPLE = "customer,group,bought\n" + "".join(
    f"{number},{'letter' if number % 2 else 'nothing'},{int(number % 5 == 0)}\n" for number in range(100)
)


def _column(help_text: str) -> serializers.CharField:
    return serializers.CharField(max_length=200, required=False, allow_blank=True, default="", help_text=help_text)


class TrialArmSerializer(serializers.ModelSerializer[TrialArm]):
    class Meta:
        model = TrialArm
        fields = ["position", "name", "planned_share", "n_people"]


class TrialSerializer(serializers.ModelSerializer[Trial]):
    """A finished randomised campaign. The arm at position 0 is the control."""

    arms = TrialArmSerializer(many=True, read_only=True)

    class Meta:
        model = Trial
        fields = [
            "id", "name", "source", "state", "outcome_name", "n_people", "n_rejected", "n_customers", "contact_cost",
            "outcome_value", "currency", "starts_at", "ends_at", "created_at", "read_at", "arms",
        ]  # fmt: skip
        read_only_fields = fields


class TrialUploadSerializer(StrictFields):
    """A file with one row a person, which of its columns is which, and what was planned."""

    name = serializers.CharField(max_length=120)
    file_name = serializers.CharField(max_length=200, default="trial.csv")
    file = serializers.CharField(
        help_text="The file in Base64: CSV with a heading (may be packed as .gz), Excel or Parquet."
    )
    arm = serializers.CharField(max_length=200, help_text="Column that tells which group a person was in.")
    control = serializers.CharField(max_length=100, help_text="What the group is called that got nothing.")
    outcome = serializers.CharField(max_length=200, help_text="Column of 1 or 0, yes or no, a count, or an amount.")
    value = _column("Column of the money that came.")
    attributed = _column("Column of the money that was credited to the campaign.")
    propensity = _column("Column of the chance of having been put into the group, where it was not the same for all.")
    person = _column("Column of the customer's external id.")
    household = _column("Column of what went into a group together.")
    before = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=200,
        help_text="Columns known before the campaign; without it all that have no other part.",
    )  # fmt: skip
    shares = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1), required=False, default=dict,
        help_text="Planned share of each group by its name; they add up to 1.",
    )  # fmt: skip
    contact_cost = serializers.DecimalField(max_digits=12, decimal_places=4, min_value=Decimal(0), required=False)
    outcome_value = serializers.DecimalField(
        max_digits=12, decimal_places=4, min_value=Decimal("0.0001"), required=False, help_text="Of one outcome."
    )
    currency = serializers.RegexField("^[A-Z]{3}$", default=settings.DEFAULT_CURRENCY)
    starts_at = serializers.DateTimeField(required=False, help_text="What was known before may rank customers.")
    ends_at = serializers.DateTimeField(required=False, help_text="Until when what people did was counted.")

    def validate_file(self, told: str) -> "ContentFile[bytes]":
        try:
            return ContentFile(base64.b64decode(told, validate=True))
        except (binascii.Error, ValueError) as error:
            raise serializers.ValidationError("This is no Base64. Encode the bytes of the file.") from error

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("contact_cost" in attrs) != ("outcome_value" in attrs):
            sentence = "Give both: what a contact costs, and what one outcome is worth."
            raise serializers.ValidationError({"outcome_value": sentence})
        return attrs


class UpliftModelSerializer(serializers.ModelSerializer[UpliftModel]):
    """Whether a shop's customers may be ranked by what one arm changes: `is_open`. Its id goes into audience rules."""

    arm = serializers.CharField(source="arm.name", read_only=True)

    class Meta:
        model = UpliftModel
        fields = ["id", "arm", "is_open", "n_customers", "findings", "seed", "code_version", "made_at"]
        read_only_fields = fields


class TrialDetailSerializer(TrialSerializer):
    uplift_models = serializers.SerializerMethodField(help_text="Of its newest reading, one an arm.")

    class Meta(TrialSerializer.Meta):
        fields = [*TrialSerializer.Meta.fields, "feature_names", "results", "note", "uplift_models"]
        read_only_fields = fields

    @extend_schema_field(UpliftModelSerializer(many=True))
    def get_uplift_models(self, trial: Trial) -> Any:
        current = trial.uplift_models.filter(is_current=True).select_related("arm").defer("arrays", "params")
        return UpliftModelSerializer(current.order_by("arm"), many=True).data


UPLOAD = OpenApiExample(
    "Half of 100 people got a letter",
    request_only=True,
    value={
        "name": "Letter in May",
        "file": base64.b64encode(EXAMPLE.encode()).decode(),
        "arm": "group",
        "control": "nothing",
        "outcome": "bought",
        "person": "customer",
        "shares": {"nothing": 0.5, "letter": 0.5},
        "starts_at": "2017-05-01T00:00:00-04:00",
        "ends_at": "2017-05-29T00:00:00-04:00",
    },
)


@extend_schema(tags=["Experiments"])
@extend_schema_view(
    list=extend_schema(summary="List finished trials"),
    retrieve=extend_schema(summary="One trial: what each arm changed, and whether choosing people pays"),
)
class TrialViewSet(NumberedViewSet):
    action_permissions = {"create": ["campaigns.add_trial"]}
    noun = "trials"
    queryset = Trial.objects.prefetch_related("arms")
    serializer_class = TrialSerializer
    filterset_fields = ["state"]

    @extend_schema(
        summary="Bring in a finished trial",
        description="Starts a job that takes in its people and reads it out; follow the job until it is done. The same "
        "file under the same name again is the job it was before.",
        request=TrialUploadSerializer,
        responses={202: JobSerializer},
        examples=[UPLOAD],
    )
    def create(self, request: Request) -> Response:
        asked = TrialUploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        name, file = told.pop("name"), told.pop("file")
        file.name = told.pop("file_name")
        before = tuple(told.pop("before")) if "before" in told else None
        plan = TrialPlan(**told, before=before)
        try:
            with transaction.atomic():
                job = take_trial(name=name, file=file, plan=plan, by=self.staff, at=timezone.now())
                transaction.on_commit(lambda: wake(job))
        except FileRefused as refused:
            raise ParseError(str(refused)) from refused
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def get_serializer_class(self) -> type[TrialSerializer]:
        return TrialDetailSerializer if self.action == "retrieve" else TrialSerializer
