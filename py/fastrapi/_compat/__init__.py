"""The layer over pydantic. Private, but other packages are known to look in here."""

from pydantic.errors import PydanticSchemaGenerationError as PydanticSchemaGenerationError
from pydantic_core import Url as Url

from fastrapi._compat.shared import PYDANTIC_VERSION_MINOR_TUPLE as PYDANTIC_VERSION_MINOR_TUPLE
from fastrapi._compat.shared import annotation_is_pydantic_v1 as annotation_is_pydantic_v1
from fastrapi._compat.shared import field_annotation_is_scalar as field_annotation_is_scalar
from fastrapi._compat.shared import (
    field_annotation_is_scalar_sequence as field_annotation_is_scalar_sequence,
)
from fastrapi._compat.shared import field_annotation_is_sequence as field_annotation_is_sequence
from fastrapi._compat.shared import (
    is_bytes_or_nonable_bytes_annotation as is_bytes_or_nonable_bytes_annotation,
)
from fastrapi._compat.shared import is_bytes_sequence_annotation as is_bytes_sequence_annotation
from fastrapi._compat.shared import is_pydantic_v1_model_class as is_pydantic_v1_model_class
from fastrapi._compat.shared import is_pydantic_v1_model_instance as is_pydantic_v1_model_instance
from fastrapi._compat.shared import is_uploadfile_sequence_annotation as is_uploadfile_sequence_annotation
from fastrapi._compat.shared import lenient_issubclass as lenient_issubclass
from fastrapi._compat.shared import sequence_types as sequence_types
from fastrapi._compat.shared import value_is_sequence as value_is_sequence
from fastrapi._compat.v2 import DumpOptions as DumpOptions
from fastrapi._compat.v2 import ModelField as ModelField
from fastrapi._compat.v2 import RequiredParam as RequiredParam
from fastrapi._compat.v2 import Undefined as Undefined
from fastrapi._compat.v2 import copy_field_info as copy_field_info
from fastrapi._compat.v2 import create_body_model as create_body_model
from fastrapi._compat.v2 import get_cached_model_fields as get_cached_model_fields
from fastrapi._compat.v2 import get_missing_field_error as get_missing_field_error
from fastrapi._compat.v2 import get_model_fields as get_model_fields
from fastrapi._compat.v2 import is_scalar_field as is_scalar_field
from fastrapi._compat.v2 import relocate as relocate
from fastrapi._compat.v2 import serialize_sequence_value as serialize_sequence_value
