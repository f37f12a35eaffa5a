from django.contrib.auth.views import LoginView

from loyalty.forms import LoginForm


class LogIn(LoginView):
    template_name = "loyalty/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
