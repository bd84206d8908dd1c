"""The names that FastAPI has under `fastapi.dependencies.utils`, for packages that import them."""

from fastrapi._compat import lenient_issubclass as lenient_issubclass
from fastrapi.dependencies.analysis import get_dependant as get_dependant
from fastrapi.dependencies.analysis import get_flat_body_params as _get_flat_body_params  # noqa: F401
from fastrapi.dependencies.analysis import get_flat_body_params as get_flat_body_params
from fastrapi.dependencies.analysis import get_flat_params as get_flat_params
from fastrapi.dependencies.analysis import (
    get_parameterless_sub_dependant as get_parameterless_sub_dependant,
)
from fastrapi.dependencies.bodies import get_body_field as _get_body_field  # noqa: F401
from fastrapi.dependencies.bodies import get_body_field as get_body_field
from fastrapi.dependencies.bodies import should_embed_body_fields as _should_embed_body_fields  # noqa: F401
from fastrapi.dependencies.bodies import should_embed_body_fields as should_embed_body_fields
from fastrapi.dependencies.forms import read_file_bytes as _read_file_bytes  # noqa: F401
from fastrapi.dependencies.multipart_check import (
    ensure_multipart_is_installed as ensure_multipart_is_installed,
)
from fastrapi.dependencies.multipart_check import (
    multipart_incorrect_install_error as multipart_incorrect_install_error,
)
from fastrapi.dependencies.multipart_check import (
    multipart_not_installed_error as multipart_not_installed_error,
)
from fastrapi.dependencies.parameters import ParamDetails as ParamDetails
from fastrapi.dependencies.parameters import analyze_param as analyze_param
from fastrapi.dependencies.reading import request_params_to_args as request_params_to_args
from fastrapi.dependencies.request_bodies import request_body_to_args as request_body_to_args
from fastrapi.dependencies.signatures import get_typed_annotation as get_typed_annotation
from fastrapi.dependencies.signatures import get_typed_return_annotation as get_typed_return_annotation
from fastrapi.dependencies.signatures import get_typed_signature as get_typed_signature
from fastrapi.dependencies.solving import SolvedDependency as SolvedDependency
from fastrapi.dependencies.solving import solve_dependencies as solve_dependencies
