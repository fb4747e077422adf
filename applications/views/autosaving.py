"""What every page that saves as somebody types reads and answers. The head of `autosave.js` says what its script makes of it."""

from django.http import HttpRequest, JsonResponse
from django.utils.timezone import localtime

from applications.models import Assessment, InterviewSheet, MeetingItem, Review, SectionProgress
from upstream import clock
from upstream.accounts.models import User
from upstream.deadlines import moment_in_words, time_in_words
from upstream.http import whole_number

Saved = SectionProgress | Assessment | InterviewSheet | Review | MeetingItem


def typed_revision(request: HttpRequest) -> int:
    """Return the revision that the page was made from; anything unreadable counts as the beginning."""
    return whole_number(request.POST.get("revision", ""))


def answer_saved(row: Saved, unsaved: list[str], **more: object) -> JsonResponse:
    """Answer that what was typed is saved, but for what `unsaved` names. What was never saved is empty, and so is what was typed."""
    saved_at = time_in_words(localtime(row.saved_at or clock.now()))
    return JsonResponse({"revision": row.revision, "saved_at": saved_at, "unsaved": unsaved, **more})


def answer_overtaken(row: Saved, saver: User | None, reader: User) -> JsonResponse:
    """Answer that something else has been saved since the page was opened, and that nothing was overwritten."""
    return JsonResponse({"error": "conflict", "why": who_saved(row, saver, reader)}, status=409)


def answer_closed(*, status: int = 409, **more: str) -> JsonResponse:
    """Answer that nothing can be saved any more; `why` is a sentence where there is more to say."""
    return JsonResponse({"error": "closed", **more}, status=status)


def who_saved(row: Saved, saver: User | None, reader: User) -> str:
    """Return the sentence that says who saved what is there now, and when."""
    if row.saved_at is None or saver is None:  # it has begun anew, such as an EoI given to a panel member for a second time
        return "This has changed since you opened it."
    when = f"saved this at {moment_in_words(row.saved_at)}"
    return f"You {when}, in another tab or window." if saver == reader else f"{saver.get_full_name()} {when}."
