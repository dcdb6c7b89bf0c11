"""Why an evidence file is not taken: one named error per reason, each with a sentence that names the file."""

from app.errors import Invalid
from app.i18n import gettext as _


class FileRefused(Invalid):
    """Shown at the form's field `files`; nothing of the file was kept."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"files": sentence})


class EmptyFile(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s”是空文件，请核对后重新选择。") % {"name": name})


class FileTooLarge(FileRefused):
    def __init__(self, name: str, max_bytes: int) -> None:
        super().__init__(
            _("“%(name)s”超过单个文件%(limit)s MB的上限，请压缩或拆分后上传。")
            % {"name": name, "limit": f"{max_bytes / 1024 / 1024:g}"}
        )


class ForbiddenType(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(
            _(
                "“%(name)s”的类型不可上传。可上传PDF、OFD、Word、Excel、PPT、WPS文档，JPG、PNG、GIF、WebP图片，TXT、CSV文本。"
            )
            % {"name": name}
        )


class LyingType(FileRefused):
    """`content`: what the file really is, in words; None when that is unknown."""

    def __init__(self, name: str, content: str | None) -> None:
        sentence = (
            _("“%(name)s”的内容与扩展名不符，实际是%(content)s，请改正文件名或另选文件。")
            if content
            else _("“%(name)s”的内容与扩展名不符，请用原软件重新保存后上传。")
        )
        super().__init__(sentence % {"name": name, "content": content})


class MacrosInside(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s”含有宏，请另存为不含宏的文档或PDF后上传。") % {"name": name})


class LockedFile(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s”设有打开密码，无法核验，请取消密码后上传。") % {"name": name})


class EncryptedPdf(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("“%(name)s”是加密的PDF（设有打开密码或使用限制），无法核验，请另存为不加密的PDF后上传。") % {"name": name}
        )


class DamagedFile(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s”已损坏，无法打开，请用原软件重新保存后上传。") % {"name": name})


class UnpacksTooLarge(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s”解压后的内容异常庞大，不予接收，请精简后上传。") % {"name": name})


class StoreUnavailable(FileRefused):
    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s”暂时无法保存，请稍后重试；如仍不成功，请联系系统管理员。") % {"name": name})
