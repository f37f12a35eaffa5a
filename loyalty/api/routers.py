from rest_framework.routers import SimpleRouter


class ApiRouter(SimpleRouter):
    """A slash at the end is welcome but not needed: a POST cannot be redirected to the right spelling."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
