# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # Lecture 04 · What a ConvNet looks at
#
# *A network says "tulip". Which pixels made it say so, and how would you know that the
# heat map is right?*
#
# After this lecture you can
#
# - look at the filters and feature maps of a network, and find out what excites a
#   channel;
# - draw an *occlusion map*, a *saliency map* and a *class activation map*;
# - test whether a map depends on what the network has learned;
# - say what "edges, then parts, then objects" means, and which part of it you have
#   measured.
#
# **You will learn** to look inside a pretrained network, to map what its answer depends
# on, and to put such a map to the test.

# %% tags=["skip"]
import keras
import numpy as np
from keras import layers
from PIL import Image
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils import data, gate, intervals, plot, results, transfer
from utils.ledger import ledger
from utils.lessons.lecture04 import figures, measures
from utils.vision import cam, gradients, rivals, trial, visualize
from utils.vision.occlusion import occlusion

SIZE = 128  # side of the photos in pixels
keras.utils.set_random_seed(0)

# %% tags=["skip"]
flowers = data.load_flowers(per_class=40)
if flowers.official:
    results.on("real photos")
photos, labels = flowers.arrays(SIZE)  # uint8 (200, 128, 128, 3), int64 (200,)
scaled = transfer.scale(photos)  # −1 … 1, what Xception was trained on
train, test = data.split(labels, 0.5, seed=0)
china = np.asarray(
    Image.fromarray(data.load_photo("china")[:, 107:534]).resize((SIZE, SIZE))
)

# %% tags=["skip"]
try:
    base = data.pretrained("xception", size=SIZE)
except data.Missing as error:
    gate.close(
        "base",
        reason=f"Every cell that needs the pretrained network is skipped. {error}",
    )

# %% [markdown] tags=["slide"]
# ## Five depths of one network
#
# Our subject is Xception, trained on ImageNet, without its classifier. We listen at
# five depths, each time after a ReLU. With the depth, maps get coarser, channels more,
# and the *receptive field* grows: the part of the picture that can influence one place
# of the map.
#
# **Predict first:** at which of the five depths does one place see the whole photo of
# 128 pixels?

# %%
DEPTHS = {
    "first convolution": "block1_conv1_act",
    "after block 2": "block3_sepconv1_act",
    "after block 4": "block5_sepconv1_act",
    "after block 8": "block9_sepconv1_act",
    "after block 14": "block14_sepconv2_act",
}

# %% tags=["subslide"]
fields = {}
rows = {row.name: row for row in ledger(base).rows}
for depth, name in DEPTHS.items():
    height, width, channels = rows[name].output_shape
    fields[depth] = rows[name].receptive_field[0]
    print(
        f"{depth:18s} {height:2d} × {width:2d} places, {channels:5,} channels, "
        f"receptive field {fields[depth]:5,} px"
    )
results.record("receptive field after block 4", fields["after block 4"], "px")
results.record("receptive field after block 8", fields["after block 8"], "px")

# %% [markdown]
# From block 8 on, every place can see the whole photo. A receptive field is an upper
# limit: it says what *could* matter, not what does. That is the question of this
# lecture.

# %% [markdown] tags=["slide"]
# ## The first layer, drawn as pictures
#
# Only the first layer looks at pixels, so only its filters can be drawn as pictures: 32
# of them, 3×3 pixels each, in colour. We split the energy of each filter (the sum of
# its squared weights) into four orthogonal parts: one brightness for all nine pixels,
# one colour for all nine, a ramp (an edge in any direction and colour), and the rest.
#
# **Predict first:** "the first layers learn edges". How many of the 32 filters are
# edges, in the sense that the ramp has the largest of the four shares?

# %%
kernels = base.get_layer("block1_conv1").get_weights()[0]  # (3, 3, 3, 32)
kinds = measures.kernel_kinds(kernels)  # (32, 4): a share for each of KINDS
counts = np.bincount(kinds.argmax(axis=1), minlength=4)

# %% tags=["subslide", "hide-input"]
said = ", ".join(
    f"{count} {kind}" for kind, count in zip(measures.KINDS, counts, strict=True)
)
plot.show(
    figures.filters(kernels, kinds),
    alt="The 32 filters of the first layer as pictures of 3×3 pixels. By their "
    f"largest share: {said}.",
)
for kind, count in zip(measures.KINDS, counts, strict=True):
    results.record(f"first-layer filters whose largest share is {kind}", count)

# %% [markdown] tags=["slide"]
# ## Feature maps at five depths
#
# A *feature map* says where its channel was excited. Here are, for one photo and each
# depth, the maps that vary most over the photo. Bright means excited, black means 0.
#
# **Predict first:** a ReLU sets negative values to 0. Which share of all values is 0 at
# the first depth, and which at the last?

# %%
tapped = keras.Model(
    base.input, [base.get_layer(name).output for name in DEPTHS.values()]
)
china_maps = [
    each[0] for each in tapped.predict(transfer.scale(china)[None], verbose=0)
]
silent = [100 * np.mean(each == 0) for each in china_maps]

# %% tags=["subslide", "hide-input"]
said = "; ".join(
    f"{depth} {share:.0f} %" for depth, share in zip(DEPTHS, silent, strict=True)
)
plot.show(
    figures.feature_maps(china, china_maps, list(DEPTHS)),
    alt="The palace photo, and five feature maps at each of five depths: from outlines "
    f"of the roof to {len(china_maps[-1])}×{len(china_maps[-1])} coarse places. "
    f"Share of values that are 0: {said}.",
)
results.record("values that are 0, first convolution", silent[0], "%")
results.record("values that are 0, after block 2", silent[1], "%")
results.record("values that are 0, after block 14", silent[-1], "%")

# %% [markdown]
# A code in which most values are 0 is called *sparse*. The share of zeros does not
# simply rise with the depth: it is a matter of the layer. What does rise is the number
# of values that describe one place, from 32 to 2,048.

# %% [markdown] tags=["slide"]
# ## What excites a channel? Ask the photos
#
# Show the network all 200 photos, and keep for each channel where it was excited most.
# The patches below are cut out around these places, as large as the receptive field, at
# most one from a photo. To be fair, we did not pick the channels: they are spread
# evenly over all channels by number.

# %%
# for each depth: .mean and .peak (200, channels), over all places of a map
found = dict(zip(DEPTHS, measures.answers(tapped, scaled), strict=True))

# %% tags=["subslide", "hide-input"]
patches = {}
for depth in ("after block 2", "after block 4", "after block 14"):
    here = found[depth]
    for channel in np.linspace(0, here.peak.shape[1], 4)[1:3].astype(int):
        patches[f"{depth.replace('after ', '')}\nchannel {channel}"] = [
            measures.patch(photos[photo], place, here.shape, fields[depth])
            for photo, place in here.best(channel, 8)
        ]
plot.show(
    figures.best_patches(patches),
    alt="For two channels at each of three depths, the eight patches that excite the "
    f"channel most: {fields['after block 2']} pixels wide after block 2, "
    f"{fields['after block 4']} after block 4, whole photos after block 14.",
)

# %% [markdown] tags=["subslide"]
# ### Do a channel's favourites show the same thing?
#
# Take the ten photos that excite a channel most, and count how many belong to the class
# that is commonest among them. Averaged over all channels of a depth, we call this
# share the *purity*. Ten photos drawn at random have a purity too: with five classes,
# some class is always ahead.

# %% tags=["subslide"]
rng = np.random.default_rng(0)
random_peaks = rng.random((len(photos), 2000))
by_chance = 100 * measures.purity(random_peaks, labels).mean()
purity = {
    depth: 100 * measures.purity(each.peak, labels).mean()
    for depth, each in found.items()
}
for depth, value in purity.items():
    print(f"{depth:18s} {value:.0f} %   (by chance {by_chance:.0f} %)")
results.record("purity, first convolution", purity["first convolution"], "%")
results.record("purity, after block 14", purity["after block 14"], "%")
results.record("purity of random photos", by_chance, "%")

# %% [markdown]
# Compare the first line with the last. A channel of the first convolution sees 3×3
# pixels, so whatever purity it reaches, it reaches without objects. A set of favourites
# that look alike suggests what a channel stands for; it does not prove it.

# %% [markdown] tags=["slide"]
# ## What excites a channel? Ask the network
#
# *Feature visualization* turns it round: start from noise, and change the **picture**
# so that the channel is excited more, by *gradient ascent*:
#
# ```python
# score = mean(channel(picture))
# picture += rate * gradient / root_mean_square(gradient)
# ```
#
# **Predict first:** which excites a channel more, the best of 200 photos or a picture
# made in this way? And will you see in it what the channel stands for?

# %%
CHANNELS = [100, 500]  # after block 4, before the ReLU: a silent channel has no slope
below = keras.Model(base.input, base.get_layer("block5_sepconv1_act").input)
objective = visualize.channels(below, CHANNELS)
favourites = [found["after block 4"].mean[:, channel].argmax() for channel in CHANNELS]
best = scaled[favourites]  # (2, 128, 128, 3)
best_scores = objective(best)[0]

# %% [markdown] tags=["subslide"]
# ### The regularizers, one by one
#
# Each row of the table adds one to those before it.
#
# | regularizer | what it does | what it forbids |
# |:--|:--|:--|
# | jitter | rolls the picture at random before each step | patterns bound to a place |
# | blur | smooths after each step | single pixels |
# | decay and roughness | pull pixels to grey and to their neighbours | excess |
# | frequencies | steps with the spectrum of photos: coarse before fine | noise |
# | colours | steps in the colours that vary together in our photos | neon |

# %%
OPTIONS = {
    "jitter": {"jitter": 6},
    "blur": {"blur": 0.4},
    "decay,\nroughness": {"decay": 1.0, "roughness": 0.5},
    "frequencies": {"frequencies": 1.0},
    "colours": {"colours": visualize.colour_mixing(scaled[train])},
}
start = visualize.noise(len(CHANNELS), SIZE, seed=0)
made, options = {}, {}
made["gradient alone"] = visualize.ascend(objective, start, steps=32)
for name, option in OPTIONS.items():
    options |= option
    made[f"+ {name}"] = visualize.ascend(objective, start, steps=32, **options)

# %% tags=["subslide", "hide-input"]
scores = {name: each.scores[-1] / best_scores for name, each in made.items()}
pictures = [[best[k], *(each.images[k] for each in made.values())] for k in (0, 1)]
titles = [
    [
        "best photo\n× 1",
        *(f"{name}\n× {score[k]:.1f}" for name, score in scores.items()),
    ]
    for k in (0, 1)
]
said = ", ".join(f"{name} {score.mean():.1f}" for name, score in scores.items())
plot.show(
    figures.ascents(pictures, titles, [f"channel {channel}" for channel in CHANNELS]),
    alt="For two channels the best photo, and six pictures made by gradient ascent, "
    "with one regularizer more each time. Mean score as a multiple of the photo's: "
    f"{said}.",
)

# %% tags=["hide-input"]
alone, last = scores["gradient alone"], scores["+ colours"]
rough = visualize.roughness_of(made["gradient alone"].images).min()
smooth = visualize.roughness_of(made["+ colours"].images).max()
photo_roughness = np.median(visualize.roughness_of(scaled[test]))
results.record("gradient alone, times the best photo's score", min(alone))
results.record("all regularizers, times the best photo's score", min(last))
results.record("gradient alone, times the score with all", min(alone / last))
results.record("roughness, gradient alone, times a photo's", rough / photo_roughness)
results.record("roughness, all regularizers, times a photo's", smooth / photo_roughness)

# %% [markdown]
# Each picture excites its channel more than the best photo does, and the one that the
# gradient made alone does so most. It is many times rougher than a photo. The
# regularizers bring the roughness down, and the score with it. So what we like to look
# at in the last picture is *our* idea of a natural picture as much as the network's.
# Both channels answer to a texture, rings for one and slanting stripes for the other.
# No row shows a part of an object.

# %% [markdown] tags=["slide"]
# ## A network that answers: five flowers
#
# For the rest we need answers. As in Lecture 03, a linear classifier on the pooled
# features of 100 photos makes a network with five *logits*, which the other 100 photos
# judge.

# %%
features = found["after block 14"].mean  # (200, 2048): global average pooling
fitted = transfer.linear_head(features[train], labels[train])
head = layers.Dense(len(flowers.classes), name="logits")
model = keras.Model(base.input, head(layers.GlobalAveragePooling2D()(base.output)))
head.set_weights([fitted.coef_.T, fitted.intercept_])
right = fitted.predict(features[test]) == labels[test]
accuracy, low, high = measures.proportion(right)
results.record("accuracy on 100 whole photos", accuracy, "%")
print(f"95 % interval {low:.0f} % to {high:.0f} %")

# %% tags=["skip"]
surest = fitted.predict_proba(features)[np.arange(len(labels)), labels]
shown = []  # of three classes, the test photo whose right answer is the surest
for name in ("sunflowers", "tulips", "daisy"):
    of_class = test[labels[test] == flowers.classes.index(name)]
    shown.append(of_class[surest[of_class].argmax()])
shown_names = [flowers.classes[label] for label in labels[shown]]
others = np.setdiff1d(test[right], shown)
judged = np.array([*shown, *others[:: len(others) // 4][:4]])  # seven photos
images, classes = scaled[judged], labels[judged]

# %% [markdown] tags=["slide"]
# ## Occlusion: cover it and see what happens
#
# *Zeiler and Fergus* slid a grey square over the photo and watched the answer. Where
# the logit falls, the network used what was there. The map says what *covering* does,
# and covering also adds something: a grey square with four edges.
#
# **Predict first:** can covering a part of the photo make the network *surer*?

# %%
occluded = occlusion(model, images[:3], classes[:3], patch=32, stride=24)

# %% tags=["subslide", "hide-input"]
rises = [100 * np.mean(each < 0) for each in occluded]
said = ", ".join(
    f"{name} {share:.0f} %" for name, share in zip(shown_names, rises, strict=True)
)
plot.show(
    figures.maps_beside(
        photos[shown], {"occlusion": occluded}, shown_names, signed=True
    ),
    alt="Three photos with their occlusion maps: red where covering lowers the logit, "
    f"blue where it raises it. Share of pixels where it raises it: {said}.",
)
results.record(
    "pixels whose covering raises the logit, mean of three photos", np.mean(rises), "%"
)

# %% [markdown] tags=["slide"]
# ## Gradients: one backward pass for all pixels
#
# Occlusion needs a forward pass for each position. The gradient of the logit with
# respect to the pixels costs one backward pass. Its absolute value is the *saliency
# map*. It answers another question: which pixels would change the answer if they
# changed *a little*?
#
# There is a way to make it prettier: *guided backpropagation* lets only positive values
# through each ReLU on the way back.
#
# **Predict first:** which of the two follows the outlines of the photo more closely,
# the gradient or guided backpropagation?

# %%
saliency = {
    "gradient": gradients.gradient(model, images, classes),
    "guided backpropagation": gradients.guided_backpropagation(model, images, classes),
}

# %% tags=["subslide", "hide-input"]
trained = {name: gradients.strength(values) for name, values in saliency.items()}
edges = rivals.edges(images, blur=0)
like_edges = {
    name: trial.rank_correlation(maps, edges).mean() for name, maps in trained.items()
}
said = ", ".join(f"{value:.2f} for {name}" for name, value in like_edges.items())
plot.show(
    figures.maps_beside(
        photos[shown],
        {name: maps[:3] for name, maps in trained.items()} | {"edges": edges[:3]},
        shown_names,
        signed=False,
    ),
    alt="Three photos, each with its gradient, guided backpropagation, and the edges "
    f"of the photo. Mean rank correlation with the edges, over seven photos: {said}.",
)
for name, value in like_edges.items():
    results.record(f"rank correlation with the photo's edges, {name}", value)

# %% [markdown] tags=["slide"]
# ## Class activation maps: the classifier, not yet averaged
#
# The last maps are averaged over their places, and the head weights the averages.
# Weight first and average later, and you have the logit's share of each place: the
# *class activation map* (CAM). *Grad-CAM* takes the mean gradient for the weights, so
# it works without a pooling layer as well.
#
# **Predict first:** for this network, how alike are CAM and Grad-CAM? And how alike are
# the maps of the right class and of another class?

# %%
other = (classes + 1) % len(flowers.classes)
trained["CAM"] = cam.class_activation_map(model, images, classes)
by_gradient = cam.grad_cam(model, images[:3], classes[:3], relu=False)
of_another = cam.class_activation_map(model, images, other)

# %% tags=["subslide", "hide-input"]
activation = {"CAM": trained["CAM"][:3], "Grad-CAM": by_gradient}
activation["CAM, another class"] = of_another[:3]
large = {name: cam.upsample(maps, (SIZE, SIZE)) for name, maps in activation.items()}
same = trial.rank_correlation(trained["CAM"][:3], by_gradient).mean()
different = trial.rank_correlation(trained["CAM"], of_another).mean()
plot.show(
    figures.maps_beside(photos[shown], large, shown_names, signed=True),
    alt=f"Three photos with their class activation maps. CAM and Grad-CAM have a rank "
    f"correlation of {same:.2f}; CAM and that of another class have {different:.2f}.",
)
results.record("rank correlation of CAM and Grad-CAM", same)
results.record("rank correlation of CAM and the CAM of another class", different)

# %% [markdown]
# CAM and Grad-CAM agree here; Lab 06 asks why, and by which factor they differ. The
# price of a CAM is its resolution: there are only as many values as the last maps have
# places, and all that is smooth between them comes from the enlargement.

# %% [markdown] tags=["slide"]
# ## The trial: shuffle what was learned
#
# A map that explains the network must change when the network is destroyed. So shuffle
# the kernels at random, layer by layer from the top: each kernel keeps its values, in
# other places. After each stage, draw the maps of the same seven photos for the same
# classes, and compare with those of the trained network by *rank correlation*: 1 means
# the same order of all pixels, 0 means no relation. (*Adebayo and others 2018* call it
# a *sanity check*.)
#
# **Predict first:** the gradient, guided backpropagation and CAM. Which of the three
# notices least that block 9 and all above it are destroyed?

# %% tags=["skip"]
STAGES = {"14": "block14", "9 to 14": "block9", "5 to 14": "block5", "all": "block1"}


def explain():
    """The maps (7, h, w) of three methods, from the network as it is now."""
    guided = gradients.guided_backpropagation(model, images, classes)
    return {
        "gradient": gradients.strength(gradients.gradient(model, images, classes)),
        "guided backpropagation": gradients.strength(guided),
        "CAM": cam.class_activation_map(model, images, classes),
    }


# %%
stacked = trial.kernel_layers(model)  # from the top down
correlations = {name: [(1, 1, 1)] for name in trained}
destroyed, right_answers = {}, {}
for stage, block in STAGES.items():
    with trial.shuffled(model, measures.layers_down_to(stacked, block), seed=0):
        destroyed[stage] = explain()
        answers = np.argmax(model(images, training=False), axis=1)
    right_answers[stage] = np.sum(answers == classes)
    for name, maps in destroyed[stage].items():
        likeness = trial.rank_correlation(trained[name], maps)
        correlations[name].append(intervals.mean_interval(likeness))

# %% tags=["subslide", "hide-input"]
said = "; ".join(
    name + " " + ", ".join(f"{value[0]:.2f}" for value in values[1:])
    for name, values in correlations.items()
)
plot.show(
    figures.with_intervals(
        ["none", *STAGES],
        correlations,
        "rank correlation with the\nmap of the trained network",
        "blocks whose kernels are shuffled (the head's as well)",
    ),
    alt="Rank correlation with the map of the trained network, with 95 % intervals "
    f"over seven photos, after shuffling blocks {', '.join(STAGES)}: {said}.",
)
for name, values in correlations.items():
    results.record(f"{name}, blocks 9 to 14 shuffled", values[2][0])
low = correlations["guided backpropagation"][2][1]
high = correlations["gradient"][2][2]
results.record("guided, lower end of the interval, 9 to 14 shuffled", low)
results.record("gradient, upper end of the interval, 9 to 14 shuffled", high)
said = ", ".join(f"{count} with {stage}" for stage, count in right_answers.items())
print(f"Right answers to the {len(judged)} photos, by shuffled blocks: {said}.")

# %% [markdown] tags=["subslide"]
# ### What the trial says
#
# Guided backpropagation draws nearly the same picture for a network that knows nothing
# any more in its upper six blocks. It shows the outlines of *the photo*, and would show
# them to you for any answer. The prettiest map knows least about the network. Lab 06
# puts more maps on trial, and adds two more tests.

# %% tags=["subslide", "hide-input"]
pairs = {}
for name, short in (("guided backpropagation", "guided"), ("gradient", "gradient")):
    pairs[short] = trained[name][:3]
    pairs[f"{short}, 9 to 14\nshuffled"] = destroyed["9 to 14"][name][:3]
kept = trial.rank_correlation(pairs["guided"], pairs["guided, 9 to 14\nshuffled"])
plot.show(
    figures.maps_beside(photos[shown], pairs, shown_names, signed=False),
    alt="Three photos, each with guided backpropagation and the gradient before and "
    "after blocks 9 to 14 were shuffled. The guided maps have rank correlations of "
    f"{', '.join(f'{value:.2f}' for value in kept)} with themselves.",
)

# %% [markdown] tags=["slide"]
# ## "Edges, then parts, then objects": test the objects
#
# *"The last layers recognize full objects."* Then cutting a photo into squares, none of
# which stays where it was, should hurt badly: every flower that does not fit into one
# square is taken apart. (A small flower can survive whole in a large square, so trust
# the small squares most.) We cut up the 100 test photos. Two classifiers judge them on
# the same frozen features: the one trained on whole photos, and a new one trained on
# photos that are cut up as well (*cross-validated*, ten folds). A rival that sees no
# shape at all helps to judge both: a classifier on the *colour histogram*, which no
# cutting changes.
#
# **Predict first:** what is left of the accuracy with 2×2, 4×4 and 8×8 squares?

# %% tags=["nbval-check-output"]
for parts in (2, 4, 8):
    print(f"{parts}×{parts}: {parts**2} squares of {SIZE // parts} pixels")


# %% tags=["subslide"]
def probe(inputs, targets, folds=10):
    """For each photo, whether a linear probe that has not seen it answers right."""
    classifier = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000))
    return cross_val_predict(classifier, inputs, targets, cv=folds) == targets


# %%
cuts, pooled = {"whole": photos[test]}, {"whole": features[test]}
for parts in (2, 4, 8):
    name = f"{parts}×{parts}"
    cuts[name] = measures.shuffle_patches(photos[test], parts, seed=parts)
    heard = measures.answers(tapped, transfer.scale(cuts[name]))
    pooled[name] = heard[-1].mean  # after block 14, (100, 2048)

as_trained, anew = {}, {}
for name, inputs in pooled.items():
    as_trained[name] = measures.proportion(fitted.predict(inputs) == labels[test])
    anew[name] = measures.proportion(probe(inputs, labels[test]))

# %%
histogram = np.sqrt(measures.colour_histogram(photos))
rival = make_pipeline(StandardScaler(), RidgeClassifier(alpha=100))
rival.fit(histogram[train], labels[train])
by_colours = measures.proportion(rival.predict(histogram[test]) == labels[test])

# %% tags=["subslide", "hide-input"]
series = {"trained on whole photos": as_trained, "trained on photos cut alike": anew}
said = "; ".join(
    name + ": " + ", ".join(f"{cut} {share[0]:.0f} %" for cut, share in scores.items())
    for name, scores in series.items()
)
examples = [each[list(test).index(shown[0])] for each in cuts.values()]
low, high = as_trained["2×2"][1:]
plot.show(
    figures.shuffled_accuracy(series, by_colours, examples),
    alt=f"Accuracy on 100 photos cut into squares, {said}. The first classifier's 95 % "
    f"interval with 2×2 squares goes from {low:.0f} to {high:.0f} %. Colours alone: "
    f"{by_colours[0]:.0f} %. Below, one photo in each version.",
)
results.record("accuracy, photos in 2×2 squares", as_trained["2×2"][0], "%")
results.record("accuracy, photos in 4×4 squares", as_trained["4×4"][0], "%")
results.record("accuracy, 4×4 squares, trained on such", anew["4×4"][0], "%")
results.record("accuracy, 8×8 squares, trained on such", anew["8×8"][0], "%")
results.record("accuracy of colours alone", by_colours[0], "%")

# %% [markdown]
# Read the bars like this. Where the first classifier falls and the second does not, the
# features still hold the flower, and only the head was never told what cut photos look
# like. Where both fall, the squares are too small for what the network looks at. Where
# both stay, nothing in the network needed the whole object.

# %% [markdown] tags=["slide"]
# ## What can be read at which depth?
#
# A *linear probe* is a linear classifier on the pooled maps of one depth. What it reads
# is there, ready to be used; what it cannot read may still be there in another form. We
# ask three questions about each photo: is it warmer (more red than blue) than the
# median photo? Are its edges more upright? Which flower is it? The first two have two
# answers, the third has five; *Cohen's kappa* makes them comparable: 0 is chance, 1 is
# everything.
#
# **Predict first:** draw the three curves over the five depths.

# %%
warm, upright = measures.warmth(photos), measures.uprightness(photos)
QUESTIONS = {
    "colour": (warm > np.median(warm), 50),
    "edge orientation": (upright > np.median(upright), 50),
    "class": (labels, 20),  # 20 % is chance among five classes
}

# %%
curves = {name: [] for name in QUESTIONS}
for each in found.values():
    for name, (targets, chance) in QUESTIONS.items():
        shares = measures.proportion(probe(each.mean, targets, folds=5))
        curves[name].append([measures.kappa(share, chance) for share in shares])

# %% tags=["subslide", "hide-input"]
said = "; ".join(
    name + " " + ", ".join(f"{value[0]:.2f}" for value in values)
    for name, values in curves.items()
)
plot.show(
    figures.with_intervals(
        [depth.replace(" ", "\n", 1) for depth in DEPTHS],
        curves,
        "Cohen's kappa\n(0 chance, 1 everything)",
        low=-0.15,
    ),
    alt=f"What a linear probe reads at five depths, with 95 % intervals: {said}.",
)
kappas = {name: [value[0] for value in values] for name, values in curves.items()}
colour, orientation, flower = kappas.values()
results.record(
    "colour, kappa lost from the first depth to the last", colour[0] - colour[-1]
)
results.record("orientation, kappa gained by block 2", orientation[1] - orientation[0])
results.record(
    "orientation, kappa lost after block 2", orientation[1] - orientation[-1]
)
results.record("class, kappa gained by block 4", flower[2] - flower[0])
results.record("class, kappa gained after block 4", flower[-1] - flower[2])

# %% [markdown]
# The curves cross. What the pixels say about colour fades with the depth; orientation
# comes after the first convolution and fades as well; the class comes. But it does not
# wait for "the last layers". Two cautions: deeper probes get more numbers about each
# photo, and a probe tells what *can* be read, not what the network uses.

# %% [markdown] tags=["slide"]
# ## What many slides get wrong
#
# - *"Saliency maps show which sections of an image are important"*: some show the
#   outlines of the photo, for a trained network and for a destroyed one. Shuffle the
#   weights before you believe a map.
# - *"The first layers learn edges and corners"*: fewer than half of our first layer's
#   filters are edges. Others are colours, lines and spots.
# - *"The middle layers detect parts of objects"*: the two channels that we looked into
#   answered to textures. A name for a channel is a hypothesis; test it on photos that
#   did not suggest it.
# - *"The last layers recognize full objects"*: cut into squares, photos are named
#   correctly less often, but far more often than by chance. A head trained on cut
#   photos still names flowers in squares too small to hold most of them whole. Our bars
#   say how far that goes, with intervals.
# - *A picture labelled "feature visualization"*: say how it was made. The patches of a
#   photo that excite a channel, the gradient that leads back to them, and a picture
#   made by ascent are three things, and the last owes much to its regularizers.
# - *"The receptive field is what the neuron looks at"*: it is what the neuron could
#   look at. In the upper half of our network it is larger than the photo.

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# - **Lab 06 · Explanations on trial**: you write CAM, Grad-CAM and occlusion by hand,
#   and let them compete with maps that know no network: who points at the flower? You
#   ask the network with deletion and insertion, and catch a network that cheats.
#
# Before you go: *which of today's maps would you show to somebody who has to decide
# whether to trust the network, and what would you say beside it?*

# %% [markdown] tags=["notes"]
# The filters and receptive fields belong to the network alone. All else depends on the
# photos, and the shares of a class on the five classes. A good answer to the question
# names the test that the map has passed, and the one that it has not.
