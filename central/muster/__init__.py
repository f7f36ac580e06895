"""Who is inside, by area, as passages tell it; merged as ``config.contract.area_state`` does."""
