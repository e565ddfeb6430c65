"""What a template is charged as: today's three categories by their names, the ten of then as utility."""

from parley.costs.price import Category

_BY_NAME = {
    "MARKETING": Category.MARKETING,
    "AUTHENTICATION": Category.AUTHENTICATION,
    "UTILITY": Category.UTILITY,
}


def category_of(template_category: str) -> Category:
    """The ten categories before September 2021 were all for transactions: `SHIPPING_UPDATE` is utility.

    Source: Meta turned them into transactional, marketing and one-time passwords, then into today's three (whatsapp.md
    1.1, 1.2). A name that is none of them is charged as the dearest, marketing, until somebody says better.
    """
    name = template_category.upper()
    if name in _BY_NAME:
        return _BY_NAME[name]
    return Category.UTILITY if name.endswith(("_UPDATE", "_RESOLUTION")) else Category.MARKETING
