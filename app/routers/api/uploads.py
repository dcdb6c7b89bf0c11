"""Evidence files go in first, one at a time; the report names them by the receipts that come back."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from app import access
from app.documents.refusals import FileTooLarge
from app.documents.upload_receipt import issue
from app.domain.audit import AuditAction
from app.errors import Invalid
from app.i18n import gettext as _
from app.routers.api.asking import Writing
from app.routers.api.caller import ReportingViewer
from app.routers.api.problem import ProblemCode, Refusal
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import Sha256, Shape
from app.routers.dependencies import Store, Typed, read_form
from app.trail import tell

router = APIRouter(route_class=ApiRoute, tags=["updates"])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary", "description": "With its name."}},
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}


class UploadShape(Shape):
    """`receipt` is good for the account that brought the file, in reports of any of its obligations."""

    receipt: str = Field(description="For `evidence` of a report.", max_length=4000)
    file_name: str
    media_type: str
    size: int = Field(description="Bytes.")
    sha256: Sha256


@router.post("/uploads", summary="Bring an evidence file", status_code=HTTPStatus.CREATED, openapi_extra=_FORM)
def upload(
    session: Writing,
    viewer: ReportingViewer,
    store: Store,
    form: Annotated[Typed, Depends(read_form)],
) -> UploadShape:
    """Checked by content, kept under its SHA-256. A file that no report ever names may be removed."""
    access.reporting_page(viewer)
    sent = form.files.get("file", [])
    if len(sent) != 1 or len(form.files) != 1 or form.lists:
        raise Invalid({"file": _("请在表单的 file 一栏附上一个文件，不要附其他内容。")})
    try:
        file = store.store(sent[0].file, sent[0].filename or "")
    except FileTooLarge as refused:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ProblemCode.TOO_LARGE, refused.message) from refused
    except Invalid as refused:
        raise Invalid({"file": refused.message}) from refused
    tell(session, action=AuditAction.REPORT, subject=file.file_name, reason=f"upload sha256 {file.sha256}")
    return UploadShape(
        receipt=issue(store, file, viewer.account_id).token,
        file_name=file.file_name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
    )
