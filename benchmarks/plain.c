/* The shipped network as one would first write it down: no SIMD, no tiles, nothing prepared but the
 * batch norms, which are folded into the convolutions. Beside it one sees what kernel.c gains.
 */
#include <math.h>

#define EXPORT(name) __attribute__((export_name(name)))

static unsigned char image[28 * 28];
static float weights[1 << 20], a[26 * 26 * 8], b[24 * 24 * 16], c[22 * 22 * 24], d[32], logits[10];
static float scale, mean, std, probabilities[10];

EXPORT("image") unsigned char *get_image(void) { return image; }
EXPORT("weights") float *get_weights(void) { return weights; }
EXPORT("input") void set_input(float s, float m, float sd) { scale = s, mean = m, std = sd; }

static float gelu(float x) { return 0.5f * x * (1 + erff(x * 0.70710678f)); }

/* float[side][side][in] -> float[side - 2][side - 2][out]; w float[3][3][in][out], then bias. */
static const float *conv3x3(const float *from, float *to, int side, int in, int out, const float *w) {
  const float *bias = w + 9 * in * out;
  for (int y = 0; y < side - 2; y++)
    for (int x = 0; x < side - 2; x++)
      for (int o = 0; o < out; o++) {
        float sum = bias[o];
        for (int ky = 0; ky < 3; ky++)
          for (int kx = 0; kx < 3; kx++)
            for (int i = 0; i < in; i++)
              sum += from[((y + ky) * side + x + kx) * in + i] * w[((ky * 3 + kx) * in + i) * out + o];
        to[(y * (side - 2) + x) * out + o] = gelu(sum);
      }
  return bias + out;
}

/* float[in] -> float[out]; w float[in][out]. */
static const float *linear(const float *from, float *to, int in, int out, const float *w) {
  for (int o = 0; o < out; o++) {
    float sum = 0;
    for (int i = 0; i < in; i++) sum += from[i] * w[i * out + o];
    to[o] = sum;
  }
  return w + in * out;
}

EXPORT("classify") float *classify(void) {
  static float x[28 * 28];
  float total = 0;
  for (int i = 0; i < 28 * 28; i++) x[i] = (image[i] / scale - mean) / std;
  const float *w = conv3x3(x, a, 28, 1, 8, weights);
  w = conv3x3(a, b, 26, 8, 16, w);
  w = conv3x3(b, c, 24, 16, 24, w);
  w = linear(c, d, 22 * 22 * 24, 32, w);
  for (int i = 0; i < 32; i++) d[i] = gelu(d[i]);
  linear(d, logits, 32, 10, w);
  for (int i = 0; i < 10; i++) total += probabilities[i] = expf(logits[i]);
  for (int i = 0; i < 10; i++) probabilities[i] /= total;
  return probabilities;
}
