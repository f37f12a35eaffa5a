from django.contrib.auth.forms import AuthenticationForm


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This name and password do not belong together. Both mind capital letters.",
        "inactive": "This account was closed. Ask your administrator to open it.",
    }
