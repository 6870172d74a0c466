"""The nouns that the stages share: plain, frozen values without behaviour that reaches outside."""
