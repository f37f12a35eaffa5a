from typing import Any

from rest_framework.routers import SimpleRouter


class ApiRouter(SimpleRouter):
    """A slash at the end is welcome but not needed: a POST cannot be redirected to the right spelling."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"

    def get_default_basename(self, viewset: Any) -> str:
        # `campaign-simulate` is a page of the browser; the API's name for it is another one.
        return f"api-{super().get_default_basename(viewset)}"
