"""What a body looks like in numbers, whatever its position, units, format or tessellation."""

from partwatch.fingerprint.cloud import CLOUD_SIZE
from partwatch.fingerprint.descriptor import DESCRIPTOR_SIZE, FINGERPRINT_VERSION, describe
from partwatch.fingerprint.distinctiveness import distinctiveness
from partwatch.fingerprint.enrolment import EnrolledPart, enrol_part
from partwatch.fingerprint.surface import Surface, sample_surface

__all__ = [
    "CLOUD_SIZE",
    "DESCRIPTOR_SIZE",
    "FINGERPRINT_VERSION",
    "EnrolledPart",
    "Surface",
    "describe",
    "distinctiveness",
    "enrol_part",
    "sample_surface",
]
