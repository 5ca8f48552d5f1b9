"""Tasks: what only a person can find out about a call, and what he says."""

from pydantic import ValidationError

from callcenter.errors import Conflict
from callcenter.web.api import tasks as api
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.choices import named, told
from callcenter.web.pages.names import TASKS
from callcenter.web.pages.words import marked as _

pages = Pages()
SETTLED = _("Written down. Thank you.")


@pages.get("/tasks", role="supervisor")
def list_tasks(asked: Asked, query: api.TaskQuery) -> Answer:
    """List what waits for a person, the oldest first; open ones unless another state is asked for."""
    return Page("tasks.html", {"list": api.tasks(asked, query), "kind_names": named(asked, TASKS)})


@pages.get("/tasks/{id}", role="supervisor")
def show_task(asked: Asked) -> Answer:
    """Show one question to a person, and what each answer does."""
    return Page("task.html", {"task": api.task(asked), "problem": None})


@pages.post("/tasks/{id}/resolve", role="supervisor")
def resolve(asked: Asked) -> Answer:
    """Say whether the customer was called."""
    note = asked.form.get("note", "").strip()[:400] or None
    try:
        verdict = api.TaskVerdict.model_validate({"verdict": asked.form.get("verdict"), "note": note})
        api.resolve(asked, verdict)
    except ValidationError:
        missing = asked.t(_("Choose whether the customer was called."))
        return Page("task.html", {"task": api.task(asked), "problem": missing}, 422)
    except Conflict as refused:
        return Go(f"/tasks/{asked.path['id']}", told(asked, refused))
    return Go("/tasks?state=open", asked.t(SETTLED))
