from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

MAX_PAGE_SIZE = 500


class StablePaging(CursorPagination):
    """Pages by the table's key: rows that arrive while somebody pages neither shift nor repeat what follows."""

    ordering = "id"
    page_size = 100
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    page_size_query_description = f"Rows on a page, from 1 to {MAX_PAGE_SIZE}."
    cursor_query_description = "Where to go on reading; take it from `next` or `previous`."
    invalid_cursor_message = "This cursor is not one of ours. Start again without it."

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except (TypeError, ValueError, OverflowError) as error:
            # It can be read, but stands for nothing that these rows are sorted by.
            raise NotFound(self.invalid_cursor_message) from error

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size", str(self.page_size))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= MAX_PAGE_SIZE):
            raise ValidationError({"page_size": f"Must be a whole number from 1 to {MAX_PAGE_SIZE}."})
        return int(asked)
