"""Deep residual learning for image recognition (He et al., 2015)"""

from functools import partial

from keras import Input, Model, layers

BatchNorm = partial(layers.BatchNormalization, epsilon=1.001e-5)

# filters, blocks, stride
GROUPS = [
    (64, 3, 1),
    (128, 4, 2),
    (256, 6, 2),
    (512, 3, 2),
]


def stem(x):
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = BatchNorm(name="conv1_bn")(x)
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    return x


def learner(x):
    for number, (filters, blocks, stride) in enumerate(GROUPS, 2):
        x = group(x, filters, blocks, stride, name=f"conv{number}")
    return x


def group(x, filters, blocks, stride, name):
    x = bottleneck(x, filters, stride=stride, project=True, name=f"{name}_block1")
    for number in range(2, blocks + 1):
        x = bottleneck(x, filters, name=f"{name}_block{number}")
    return x


def bottleneck(x, filters, stride=1, project=False, *, name):
    """Two 1×1 convolutions around a 3×3 one."""
    shortcut = x
    if project:
        shortcut = layers.Conv2D(
            filters * 4, 1, strides=stride, padding="same", name=f"{name}_0_conv"
        )(shortcut)
        shortcut = BatchNorm(name=f"{name}_0_bn")(shortcut)

    residual = layers.Conv2D(
        filters, 1, strides=stride, padding="same", name=f"{name}_1_conv"
    )(x)
    residual = BatchNorm(name=f"{name}_1_bn")(residual)
    residual = layers.ReLU(name=f"{name}_1_relu")(residual)
    residual = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(
        residual
    )
    residual = BatchNorm(name=f"{name}_2_bn")(residual)
    residual = layers.ReLU(name=f"{name}_2_relu")(residual)
    residual = layers.Conv2D(4 * filters, 1, padding="same", name=f"{name}_3_conv")(
        residual
    )
    residual = BatchNorm(name=f"{name}_3_bn")(residual)

    x = layers.Add(name=f"{name}_add")([shortcut, residual])
    x = layers.ReLU(name=f"{name}_out")(x)
    return x


def task(x, classes):
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return x


def resnet50(classes=1000):
    """Channels are last, which is Keras's default `image_data_format`."""
    inputs = Input((224, 224, 3), name="input_layer")
    x = stem(inputs)
    x = learner(x)
    x = task(x, classes)
    return Model(inputs, x, name="resnet50")


if __name__ == "__main__":
    model = resnet50()
    trainable = sum(weight.numpy().size for weight in model.trainable_weights)
    print(f"{model.name}: {model.count_params():,} parameters, {trainable:,} trainable")
    print(f"{model.input_shape} -> {model.output_shape}")
