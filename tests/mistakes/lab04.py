"""Wrong answers that real students give in lab 04, and a part of the message each must get."""

MISTAKES = {
    "batches_an_epoch": [
        ("rounds down", '''
def batches_an_epoch(photos, batch_size):
    batches = photos // batch_size
    return batches, photos / max(batches, 1)
''', "leave photos out"),
        ("no rounding", '''
def batches_an_epoch(photos, batch_size):
    return photos / batch_size, batch_size
''', "a batch is whole"),
        ("always one more", '''
def batches_an_epoch(photos, batch_size):
    batches = photos // batch_size + 1
    return batches, photos / batches
''', "no extra batch"),
        ("photos as batches", '''
def batches_an_epoch(photos, batch_size):
    return photos, 1
''', "counted batches"),
        ("draws as passes", '''
import math
def batches_an_epoch(photos, batch_size):
    return math.ceil(photos / batch_size), photos
''', "pass over all photos"),
        ("one number", '''
import math
def batches_an_epoch(photos, batch_size):
    return math.ceil(photos / batch_size)
''', "Return two numbers"),
    ],
    "addresses": [
        ("row first", '''
def addresses(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, 0 * rows], axis=-1).astype("float32")
''', "Red and green are exchanged"),
        ("width first", '''
def addresses(height, width):
    columns, rows = np.mgrid[:width, :height]
    return np.stack([columns, rows, 0 * rows], axis=-1).astype("float32")
''', "rows first"),
        ("channels first", '''
def addresses(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, 0 * rows]).astype("float32")
''', "channels come first"),
        ("two channels", '''
def addresses(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows], axis=-1).astype("float32")
''', "Two channels only"),
        ("integers", '''
def addresses(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, 0 * rows], axis=-1)
''', "not float32"),
    ],
    "motion": [
        ("transposed", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    return np.linalg.pinv(places) @ picture[rows, columns, :2].reshape(-1, 2)
''', "Transposed: one *row*"),
        ("the way there", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    found = picture[rows, columns, :2].reshape(-1, 2)
    found = np.column_stack([found, np.ones(len(found))])
    places = np.stack([columns.ravel(), rows.ravel()], axis=1)
    return (np.linalg.pinv(found) @ places).T
''', "not the way back"),
        ("rows first", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    return (np.linalg.pinv(places) @ picture[rows, columns, :2].reshape(-1, 2)).T[::-1]
''', "exchanged"),
        ("the whole picture, borders included", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    return (np.linalg.pinv(places) @ picture[rows, columns, :2].reshape(-1, 2)).T
''', "for a picture moved 5 px"),
    ],
    "shift_axes": [
        ("believes the names", '''
width_shift_moves = "columns"
height_shift_moves = "rows"
''', "That is what the name of `width_shift_range` says"),
        ("both the same", '''
width_shift_moves = "rows"
height_shift_moves = "rows"
''', "That is what the name of `height_shift_range` says"),
        ("directions in other words", '''
width_shift_moves = "left and right"
height_shift_moves = "up and down"
''', "is none of"),
    ],
    "pivot": [
        ("the offset", '''
def pivot(matrix):
    return matrix[:, 2]
''', "where pixel (0, 0) came from"),
        ("wrong sign", '''
def pivot(matrix):
    return np.linalg.solve(matrix[:, :2] - np.eye(2), matrix[:, 2])
''', "The sign is wrong"),
        ("row first", '''
def pivot(matrix):
    return np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2])[::-1]
''', "Row and column are exchanged"),
        ("the centre", '''
def pivot(matrix):
    return np.array([44.5, 29.5])
''', "The result for a turn"),
    ],
    "shear_unit": [
        ("a slope", '''
top_row_moves = 112 * 0.2
setting_for_a_fifth = 0.2
''', "if 0.2 were a slope"),
        ("radians", '''
top_row_moves = 112 * np.sin(0.2)
setting_for_a_fifth = np.arcsin(0.2)
''', "in radians"),
        ("the whole height", '''
top_row_moves = 224 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = np.rad2deg(np.arcsin(0.2))
''', "not 224"),
        ("second in radians", '''
top_row_moves = 112 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = np.arctan(0.2)
''', "angle in radians"),
        ("second unchanged", '''
top_row_moves = 112 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = 0.2
''', "the slide's 0.2"),
    ],
    "channel_shift": [
        ("percent", '''
largest_share, channels_get, scaled_first = 0.09, "the same shift", "one flat colour"
''', "not a percentage"),
        ("three shifts", '''
largest_share, channels_get, scaled_first = 9 / 255, "three shifts", "one flat colour"
''', "Do the three channels differ"),
        ("harmless", '''
largest_share, channels_get, scaled_first = 9 / 255, "the same shift", "hardly a change"
''', "nine times the whole range"),
        ("a cast", '''
largest_share, channels_get, scaled_first = 9 / 255, "the same shift", "a colour cast"
''', "three different shifts"),
    ],
    "slide_as_layers": [
        ("degrees", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(40, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "Your function stops with ValueError"),
        ("0.4 of a turn", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(0.4, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "not 40°"),
        ("flips both ways", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip(), layers.RandomRotation(40 / 360, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "stand on their head"),
        ("reflected borders", '''
def slide_as_layers():
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(40 / 360),
            layers.RandomTranslation(0.2, 0.2), layers.RandomZoom(0.2, 0.2)]
''', "fill_mode"),
        ("zoom keeps proportions", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(40 / 360, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, **fill)]
''', "keeps the proportions"),
        ("another order", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.2, 0.2, **fill),
            layers.RandomRotation(40 / 360, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "Order: flip, turn, shift, zoom"),
        ("a model", '''
def slide_as_layers():
    return keras.Sequential([layers.RandomFlip("horizontal")])
''', "list of four layers"),
    ],
    "diagnose": [
        ("looks at one epoch only", '''
def diagnose(first_epoch, second_epoch, originals):
    if np.array_equal(first_epoch, originals):
        return "unused"
    return "frozen" if np.array_equal(first_epoch, second_epoch) else "fresh"
''', "even if a picture happens to stay"),
        ("different from the originals means fresh", '''
def diagnose(first_epoch, second_epoch, originals):
    return "unused" if np.array_equal(first_epoch, originals) else "fresh"
''', "augmented once, then repeated"),
        ("identity instead of equality", '''
def diagnose(first_epoch, second_epoch, originals):
    if first_epoch is second_epoch:
        return "unused" if first_epoch is originals else "frozen"
    return "fresh"
''', "the augmentation is not used"),
    ],
    "train_pipeline": [
        ("result of map thrown away", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(batch)
    dataset.map(lambda x, y: (augment(x), y))
    return dataset.prefetch(tf.data.AUTOTUNE)
''', "built and never used"),
        ("cache after the augmentation", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y)).cache()
''', "made once and kept"),
        ("no shuffle", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y))
''', "Both epochs come in the same order"),
        ("shuffles batches", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch).shuffle(len(images))
    return dataset.map(lambda x, y: (augment(x), y))
''', "the same pictures stay together"),
        ("drops the rest", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images))
    return dataset.batch(batch, drop_remainder=True).map(lambda x, y: (augment(x), y))
''', "so that none is left out"),
        ("repeats for ever", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).repeat()
    return dataset.batch(batch).map(lambda x, y: (augment(x), y))
''', "does not end"),
        ("a small buffer", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(3).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y))
''', "buffer is small"),
        ("labels lost", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(batch)
    return dataset.map(augment)
''', "pairs of pictures and labels"),
        ("pictures shuffled without their labels", '''
def train_pipeline(images, labels, augment, batch):
    pictures = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
    names = tf.data.Dataset.from_tensor_slices(labels).shuffle(len(images))
    return tf.data.Dataset.zip((pictures, names)).batch(batch).map(lambda x, y: (augment(x), y))
''', "come apart"),
    ],
    "difference_interval": [
        ("normal instead of t", '''
def difference_interval(with_it, without):
    differences = np.subtract(with_it, without)
    half = 1.96 * differences.std(ddof=1) / np.sqrt(len(differences))
    return differences.mean() - half, differences.mean() + half
''', "1.96 belongs to many seeds"),
        ("ddof", '''
def difference_interval(with_it, without):
    differences = np.subtract(with_it, without)
    n = len(differences)
    half = stats.t.ppf(0.975, n - 1) * differences.std() / np.sqrt(n)
    return differences.mean() - half, differences.mean() + half
''', "ddof=1"),
        ("no root of n", '''
def difference_interval(with_it, without):
    differences = np.subtract(with_it, without)
    half = stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1)
    return differences.mean() - half, differences.mean() + half
''', "The square root of n is missing"),
        ("degrees of freedom", '''
def difference_interval(with_it, without):
    differences = np.subtract(with_it, without)
    n = len(differences)
    half = stats.t.ppf(0.975, n) * differences.std(ddof=1) / np.sqrt(n)
    return differences.mean() - half, differences.mean() + half
''', "n − 1"),
        ("one-sided", '''
def difference_interval(with_it, without):
    differences = np.subtract(with_it, without)
    n = len(differences)
    half = stats.t.ppf(0.95, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return differences.mean() - half, differences.mean() + half
''', "0.975"),
        ("without minus with", '''
def difference_interval(with_it, without):
    differences = np.subtract(without, with_it)
    n = len(differences)
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return differences.mean() - half, differences.mean() + half
''', "The sign is wrong"),
    ],
    "safe_flips": [
        ("flips for all", '''
safe = dict.fromkeys(("flowers", "digits", "turn arrows", "satellite", "chest x-rays"), "left-right")
''', "digits: A mirrored 2"),
        ("arrows", '''
safe = {"flowers": "left-right", "digits": "none", "turn arrows": "left-right", "satellite": "both", "chest x-rays": "none"}
''', "means 'turn right'"),
        ("hearts", '''
safe = {"flowers": "left-right", "digits": "none", "turn arrows": "none", "satellite": "both", "chest x-rays": "left-right"}
''', "The heart is on the left"),
        ("one missing", '''
safe = {"flowers": "left-right", "digits": "none", "turn arrows": "none", "satellite": "both"}
''', "There is no answer for 'chest x-rays'"),
    ],
    "flip_boxes": [
        ("edges not exchanged", '''
def flip_boxes(boxes, width):
    x0, y0, x1, y1 = boxes.T
    return np.stack([width - x0, y0, width - x1, y1], axis=1)
''', "must change places"),
        ("one pixel off", '''
def flip_boxes(boxes, width):
    x0, y0, x1, y1 = boxes.T
    return np.stack([width - 1 - x1, y0, width - 1 - x0, y1], axis=1)
''', "One pixel off"),
        ("up and down", '''
def flip_boxes(boxes, width):
    x0, y0, x1, y1 = boxes.T
    return np.stack([x0, width - y1, x1, width - y0], axis=1)
''', "top and bottom"),
        ("forgotten", '''
def flip_boxes(boxes, width):
    return boxes
''', "labels not"),
        ("in place", '''
def flip_boxes(boxes, width):
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    return boxes
''', "changes an array"),
    ],
    "mixup": [
        ("labels kept", '''
def mixup(images, labels, share, order):
    wide = share.reshape(-1, 1, 1, 1)
    return wide * images + (1 - wide) * images[order], labels
''', "the labels are not"),
        ("one share for all", '''
def mixup(images, labels, share, order):
    share = share[0]
    return share * images + (1 - share) * images[order], share * labels + (1 - share) * labels[order]
''', "share of the first"),
        ("shares the wrong way round", '''
def mixup(images, labels, share, order):
    wide, narrow = share.reshape(-1, 1, 1, 1), share.reshape(-1, 1)
    return (1 - wide) * images + wide * images[order], (1 - narrow) * labels + narrow * labels[order]
''', "the other way round"),
        ("labels half and half", '''
def mixup(images, labels, share, order):
    wide = share.reshape(-1, 1, 1, 1)
    return wide * images + (1 - wide) * images[order], (labels + labels[order]) / 2
''', "half and half"),
        ("class numbers mixed", '''
def mixup(images, labels, share, order):
    wide, number = share.reshape(-1, 1, 1, 1), labels.argmax(axis=1)
    return wide * images + (1 - wide) * images[order], share * number + (1 - share) * number[order]
''', "mixed labels are vectors"),
        ("no broadcasting", '''
def mixup(images, labels, share, order):
    return share * images + (1 - share) * images[order], share * labels + (1 - share) * labels[order]
''', "Your function stops with ValueError"),
    ],
    "mixup_floor": [
        ("zero", '''
smallest_loss = 0
''', "certainty"),
        ("bits", '''
smallest_loss = -(0.3 * np.log2(0.3) + 0.7 * np.log2(0.7))
''', "in bits"),
        ("the larger part", '''
smallest_loss = -np.log(0.7)
''', "larger part only"),
        ("minus forgotten", '''
smallest_loss = 0.3 * np.log(0.3) + 0.7 * np.log(0.7)
''', "not negative"),
    ],
    "cutmix": [
        ("label from the box", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    share = (bottom - top) * (right - left) / (first.shape[0] * first.shape[1])
    top, left = max(top, 0), max(left, 0)
    mixed = first.copy()
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    return mixed, (1 - share) * label_first + share * label_second
''', "Only pasted pixels count"),
        ("negative start", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    mixed = first.copy()
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    share = mixed[top:bottom, left:right].size / mixed.size
    return mixed, (1 - share) * label_first + share * label_second
''', "Nothing was pasted"),
        ("the wrong way round", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    mixed = second.copy()
    mixed[top:bottom, left:right] = first[top:bottom, left:right]
    return mixed, label_first
''', "pasted into the first"),
        ("shares exchanged", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    top, left = max(top, 0), max(left, 0)
    mixed = first.copy()
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    share = mixed[top:bottom, left:right].size / mixed.size
    return mixed, share * label_first + (1 - share) * label_second
''', "The shares are the wrong way round"),
        ("no copy", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    top, left = max(top, 0), max(left, 0)
    first[top:bottom, left:right] = second[top:bottom, left:right]
    share = first[top:bottom, left:right].size / first.size
    return first, (1 - share) * label_first + share * label_second
''', "changes an array"),
    ],
}  # fmt: skip

# Mutants of the solution that no check can notice, each with its reason.
EQUIVALENT = {
    ("slide_as_layers", '360 + 1: layers.RandomRotation(40 / 360, fill_mode="nearest"),'): (
        "39.9° instead of 40°: a random layer's range cannot be measured that closely"
    ),
}
