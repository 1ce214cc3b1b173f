"""The commands of `inventorum`, grouped by what they are for; heavy imports live inside them."""
