"""A plan file from the browser: tried out first, then published exactly as it was shown.

Trying is publishing in a transaction that the caller rolls back: so the preview cannot say anything else than
what publishing does.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from app.changes.publication import Publication
from app.changes.publish_plan import publish_plan
from app.documents.reading.yaml_draft import read_draft_bytes
from app.domain.edition_changes import EditionChanges, edition_changes
from app.drafts.faults import DraftRejected, Fault, located, placed
from app.drafts.plan_draft import PlanDraft
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Plan, Region
from app.queries.plan_editions import Effect, effects_since, last_event, newest_edition

LARGEST = 2 * 1024 * 1024  # the longest of our plans has 120 KB


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: its name, for the faults, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Tried:
    """What publishing does. `mark` stands for all of it: another file, another edition, other effects, another mark."""

    draft: PlanDraft
    publication: Publication
    changes: EditionChanges
    effects: Sequence[Effect]
    mark: str


def try_upload(session: Session, region: Region, upload: Upload, *, now: datetime, by: int) -> Tried:
    """Publishes; the caller commits or rolls back. Raises Invalid for no plan file, DraftRejected with every fault."""
    if not upload.content:
        raise Invalid({"file": _("文件是空的，请重新选择规划文件。")})
    if len(upload.content) > LARGEST:
        raise Invalid({"file": _("规划文件不能超过%(size)s MB。") % {"size": LARGEST // 1024 // 1024}})
    # One at a time in a region, as for the frozen lists: two editions at once would have one number.
    session.exec(select(Region.id).where(Region.id == region.id).with_for_update()).one()
    draft, line_of = read_draft_bytes(upload.content, upload.name, PlanDraft)
    if draft.region != region.code:
        fault = Fault(("region",), _("应为本行政区的代码%(code)s") % {"code": region.code})
        raise DraftRejected(placed([fault], line_of), located([fault], upload.name, line_of))
    plan = session.exec(select(Plan).where(Plan.code == draft.code, Plan.region_id == region.id)).one_or_none()
    last = newest_edition(session, plan.id or 0) if plan else None
    before = last.draft if last else None
    seen = last_event(session)
    publication = publish_plan(session, draft, now=now, by=by, source=upload.name, line_of=line_of)
    published = newest_edition(session, publication.plan_id)
    effects = effects_since(session, publication.plan_id, seen)
    return Tried(
        draft=draft,
        publication=publication,
        changes=edition_changes(before, published.draft if published else {}),
        effects=effects,
        mark=_mark(upload, publication, effects),
    )


def publish_previewed(
    session: Session, region: Region, upload: Upload, *, mark: str, now: datetime, by: int
) -> Publication:
    """Raises Overtaken when publishing would now do something else than the preview said."""
    tried = try_upload(session, region, upload, now=now, by=by)
    if tried.mark != mark:
        raise Overtaken(_("预览之后情况有变，本次未发布。请核对下面新的预览后再确认。"))
    return tried.publication


def _mark(upload: Upload, publication: Publication, effects: Sequence[Effect]) -> str:
    said = repr((publication.edition, publication.changed, [_plain(effect) for effect in effects]))
    return hashlib.sha256(hashlib.sha256(upload.content).digest() + said.encode()).hexdigest()


def _plain(effect: Effect) -> tuple[str, ...]:
    places = (effect.department, effect.task_number, effect.phase)
    return (effect.kind.value, *places, str(effect.due_before), str(effect.due))
