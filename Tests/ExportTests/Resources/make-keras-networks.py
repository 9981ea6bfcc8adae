# Makes the .tflite files of other makers that are read in tests: small networks of Keras, by TensorFlow's converter, and what
# TensorFlow Lite's interpreter gives for some images (.f32: images, channels first; .out: outputs as reals).
#
#   python3 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 && venv/bin/python make-keras-networks.py
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from tensorflow import keras

L = keras.layers
keras.utils.set_random_seed(5)
FILES = {"mobile": ["float", "f16", "int8", "uint8", "int16"], "flat": ["float", "f16", "dynamic", "int8"],
         "rare": ["float"]}


def relu6():
    return L.ReLU(max_value=6.)

def mobile():
    x=i=keras.Input((15,15,3))
    x=L.Conv2D(8,3,strides=2,padding='same',use_bias=False)(x); x=L.BatchNormalization()(x); x=relu6()(x)
    x=L.DepthwiseConv2D(3,padding='same',use_bias=False)(x); x=L.BatchNormalization()(x); x=relu6()(x)
    y=x=L.Conv2D(12,1)(x)
    x=L.Conv2D(12,3,padding='same',dilation_rate=2,activation='relu')(x)
    x=L.Add()([x,y])
    s=L.GlobalAveragePooling2D(keepdims=True)(x); s=L.Conv2D(4,1,activation='relu')(s); s=L.Conv2D(12,1,activation='sigmoid')(s)
    x=L.Multiply()([x,s])
    x=L.AveragePooling2D(3,strides=2,padding='same')(x)
    x=L.GlobalAveragePooling2D()(x)
    x=L.Dense(10,activation='softmax')(x)
    return keras.Model(i,x)
def flat():
    x=i=keras.Input((14,14,1))
    x=L.ZeroPadding2D(((0,1),(1,0)))(x)
    x=L.Conv2D(6,3,padding='valid',activation='relu')(x)
    x=L.MaxPooling2D(3,strides=2,padding='same')(x)
    a=L.Conv2D(4,3,padding='same')(x); a=L.LeakyReLU(negative_slope=0.1)(a)
    b=L.Conv2D(4,1)(x); b=L.Activation('tanh')(b)
    x=L.Concatenate()([a,b,x])
    x=L.UpSampling2D(2)(x)
    x=L.Conv2D(6,3,strides=2,padding='same',activation='relu')(x)
    x=L.Flatten()(x)
    x=L.Dense(16,activation='relu')(x)
    x=L.Dense(7)(x)
    return keras.Model(i,x)
def rare():
    x=i=keras.Input((12,12,3))
    x=L.Rescaling(1/127.5,offset=-1)(x)
    x=L.Conv2D(8,3,padding='same')(x); x=L.PReLU(shared_axes=[1,2])(x)
    x=L.Conv2D(8,3,padding='same')(x); x=L.Activation('hard_swish' if hasattr(keras.activations,'hard_swish') else keras.activations.hard_silu)(x)
    x=L.Conv2D(8,3,padding='same')(x); x=L.ELU()(x)
    x=L.Conv2D(8,3,padding='same')(x); x=L.Activation('gelu')(x)
    x=L.Conv2D(8,3,padding='same')(x); x=L.Activation('silu')(x)
    x=L.UpSampling2D(2,interpolation='bilinear')(x)
    x=L.Cropping2D(((1,2),(2,1)))(x)
    x=L.SeparableConv2D(12,3,padding='same',depth_multiplier=2)(x)
    x=L.MaxPooling2D(2)(x)
    x=L.BatchNormalization()(x)
    x=L.GlobalMaxPooling2D()(x)
    x=L.Dense(5)(x)
    return keras.Model(i,x)
def randomize(m):
    r=np.random.default_rng(1)
    for w in m.weights:
        n=w.path.split('/')[-1]
        if n=='moving_variance': w.assign(r.uniform(.5,1.5,w.shape))
        elif n in('gamma',): w.assign(r.uniform(.7,1.3,w.shape))
        elif n in('beta','moving_mean','bias'): w.assign(r.normal(0,.1,w.shape))
        elif n=='alpha': w.assign(r.uniform(.05,.4,w.shape))
def convert(m,kind,images):
    c=tf.lite.TFLiteConverter.from_keras_model(m)
    rep=lambda: ([im[None]] for im in images)
    if kind=='f16': c.optimizations=[tf.lite.Optimize.DEFAULT]; c.target_spec.supported_types=[tf.float16]
    if kind=='dynamic': c.optimizations=[tf.lite.Optimize.DEFAULT]
    if kind.startswith('int8') or kind=='uint8':
        c.optimizations=[tf.lite.Optimize.DEFAULT]; c.representative_dataset=rep
        c.target_spec.supported_ops=[tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if kind=='int8': c.inference_input_type=tf.int8; c.inference_output_type=tf.int8
        if kind=='uint8': c.inference_input_type=tf.uint8; c.inference_output_type=tf.uint8
    if kind=='int16':
        c.optimizations=[tf.lite.Optimize.DEFAULT]; c.representative_dataset=rep
        c.target_spec.supported_ops=[tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    return c.convert()


def run(model, images):
    interpreter = tf.lite.Interpreter(model_content=model)
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    found = []
    for image in images:
        if takes["dtype"] != np.float32:
            scale, zero = takes["quantization"]
            ends = np.iinfo(takes["dtype"])
            image = np.clip(np.rint(image / np.float32(scale)) + zero, ends.min, ends.max)
        interpreter.set_tensor(takes["index"], image[None].astype(takes["dtype"]))
        interpreter.invoke()
        y = interpreter.get_tensor(gives["index"])[0].astype("f4")
        if gives["dtype"] != np.float32:
            scale, zero = gives["quantization"]
            y = (y - zero) * np.float32(scale)
        found.append(y)
    return np.array(found, "<f4")


for make in (mobile, flat, rare):
    model = make()
    randomize(model)
    images = np.random.default_rng(2).uniform(-1, 1, (40,) + model.input_shape[1:]).astype("f4")
    if make is rare:
        images = (images + 1) * 127.5
    images[:8].transpose(0, 3, 1, 2).tofile(f"keras_{make.__name__}.f32")
    for kind in FILES[make.__name__]:
        data = convert(model, kind, images)
        open(f"keras_{make.__name__}-{kind}.tflite", "wb").write(data)
        run(data, images[:8]).tofile(f"keras_{make.__name__}-{kind}.out")
