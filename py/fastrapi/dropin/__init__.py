"""Drop-in mode: `fastapi` and `starlette` are this framework, for the application and its plugins."""

from fastrapi.dropin.installation import DropInError as DropInError
from fastrapi.dropin.installation import Mode as Mode
from fastrapi.dropin.installation import Report as Report
from fastrapi.dropin.installation import install as install
from fastrapi.dropin.installation import uninstall as uninstall
