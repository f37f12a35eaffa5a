from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from loyalty.services.ingest import kinds

REJECT, CREATE = "reject", "create"


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This name and password do not belong together. Both mind capital letters.",
        "inactive": "This account was closed. Ask your administrator to open it.",
    }


class NewPasswordForm(PasswordChangeForm):
    error_messages = {
        "password_incorrect": "The old password is not right. Type it again.",
        "password_mismatch": "The two new passwords differ. Type the same one twice.",
    }


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="What is in the file", error_messages={"required": "Choose what is in the file."})
    file = forms.FileField(
        label="File",
        help_text="CSV or Parquet, with a heading. Times without a zone are read in the shop's.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Choose one with a heading and at least one row.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.parquet"}),
    )
    unknown_products = forms.ChoiceField(
        label="Products the catalogue does not know",
        choices=[(REJECT, "Refuse the row and say so"), (CREATE, "Keep the row, note the product as unknown")],
        initial=REJECT,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.name, kind.label) for kind in kinds()]  # type: ignore[attr-defined]

    def clean_unknown_products(self) -> str:
        return self.cleaned_data["unknown_products"] or REJECT
