"""The report's training loop in plain Keras, which the compiled step is tested and timed against.

It follows Figs. 13 and 15 to 17, with two changes that Keras 3 needs to do the same: the
`trainable` flag is set around every call, since Keras 3 reads it then and not at `compile()`, and
`decay` is a schedule. It imports nothing of the training code.
"""

import keras
import numpy as np


class ReportLoop:
    """Two compiled models and the loop's body.

    generator, discriminator: uncompiled Keras models; they are trained in place.
    rate, decay, clipvalue: RMSprop's, of both networks.
    compile_options: for `compile()`; the default is Keras's own choice, as in the report.
    """

    def __init__(self, generator, discriminator, rate, decay, clipvalue, **compile_options):
        self.generator, self.discriminator = generator, discriminator
        self.latent_dim = generator.input_shape[1]

        def optimizer():
            schedule = keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay)
            return keras.optimizers.RMSprop(schedule, clipvalue=clipvalue)

        discriminator.compile(optimizer(), "binary_crossentropy", **compile_options)
        latent = keras.Input((self.latent_dim,))
        self.combined = keras.Model(latent, discriminator(generator(latent)))
        discriminator.trainable = False
        self.combined.compile(optimizer(), "binary_crossentropy", **compile_options)
        discriminator.trainable = True

    def step(self, real, draw_normal=None, draw_uniform=None, label_noise=0.05):
        """Train on one batch and return (discriminator loss, generator loss).

        real: (B, H, W, C) in [-1, 1]. draw_normal, draw_uniform: functions of a shape, NumPy's
            unless given.
        """
        draw_normal = draw_normal or (lambda shape: np.random.normal(size=shape))
        draw_uniform = draw_uniform or (lambda shape: np.random.random(shape))
        batch = len(real)
        fake = self.generator.predict(draw_normal((batch, self.latent_dim)), verbose=0)
        images = np.concatenate([fake, real])
        labels = np.concatenate([np.ones((batch, 1)), np.zeros((batch, 1))])
        labels += label_noise * draw_uniform(labels.shape)
        d_loss = self.discriminator.train_on_batch(images, labels)

        self.discriminator.trainable = False
        noise = draw_normal((batch, self.latent_dim))
        g_loss = self.combined.train_on_batch(noise, np.zeros((batch, 1)))
        self.discriminator.trainable = True
        return float(d_loss), float(g_loss)
