"""The panel (评标委员会): pool, draw, seats, score sheets, rejections."""
