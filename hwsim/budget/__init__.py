"""Why did accuracy drop? What each effect of a device costs, alone and on top of all others."""

from hwsim.budget.account import Budget, Item, account

__all__ = ["Budget", "Item", "account"]
