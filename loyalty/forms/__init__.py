from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from loyalty.services.scopes import scopes


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


class KeyForm(forms.Form):
    name = forms.CharField(
        label="Which system is it for",
        max_length=100,
        help_text="So that you know later which key to take away.",
        error_messages={"required": "Name the system that will use the key."},
    )
    days = forms.TypedChoiceField(
        label="It works for",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "A year"), (0, "Until it is taken away")],
        initial=365,
        error_messages={"invalid_choice": "Choose one of the times."},
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Choose at least one thing that the key may do."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope.name, scope.words) for scope in scopes()]  # type: ignore[attr-defined]

    def asked(self, *, at: datetime) -> dict[str, Any]:
        days = self.cleaned_data["days"]
        return {
            "name": self.cleaned_data["name"],
            "scope_names": self.cleaned_data["scopes"],
            "expires_at": at + timedelta(days=days) if days else None,
        }
