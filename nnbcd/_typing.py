"""Shape-carrying array types.

``Float[Tensor, "n d"]`` says "a floating tensor with n rows and d columns".
jaxtyping checks these at run time in the test-suite. It is optional: where
it is not installed (a bare Colab, say) the annotations are inert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
else:
    try:
        from jaxtyping import Bool, Float, Int
    except ImportError:

        class _Inert:
            def __class_getitem__(cls, item: Any) -> Any:
                return item[0]

        Bool = Float = Int = _Inert

__all__ = ["Bool", "Float", "Int", "Tensor"]
