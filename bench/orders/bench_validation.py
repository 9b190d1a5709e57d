"""Validation alone: all rules of an order, all failures as one mask."""


def test_validation(room, measure, definition, orders):
    def prepare():
        validator = room("validation").Validator(16, 8)
        validator.define(definition)
        return validator, orders

    masks = measure(lambda validator, array: validator.validate(array), prepare)
    assert not masks.any()
