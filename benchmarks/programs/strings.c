#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct { char *at; size_t len, cap; } Text;
typedef struct { const char *at; size_t len; } Slice;
static void append(Text *t, const char *s, size_t n) {
  if (t->len + n > t->cap) {
    t->cap = t->cap * 2 > t->len + n ? t->cap * 2 : t->len + n + 16;
    t->at = realloc(t->at, t->cap);
  }
  memcpy(t->at + t->len, s, n);
  t->len += n;
}
static Text build(long n) {
  const char *letters = "abcdefghijklmnopqrstuvwxyz";
  Text text = {0};
  long state = 12345;
  for (long i = 0; i < n; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    long size = 3 + state / 65536 % 6;
    Text word = {0};
    for (long k = 0; k < size; k++) append(&word, letters + (state / 7 + k * i) % 26, 1);
    append(&text, word.at, word.len);
    append(&text, " ", 1);
    free(word.at);
  }
  return text;
}
static void tally(Text t, long counts[26]) {
  size_t start = 0;
  for (size_t i = 0; i < t.len; i++)
    if (t.at[i] == ' ') {
      Slice word = {t.at + start, i - start};
      counts[word.at[word.len - 1] - 97]++;
      start = i + 1;
    }
}
static long same_neighbours(Text t) {
  long same = 0;
  size_t count = 0, cap = 16, start = 0;
  Slice *words = malloc(cap * sizeof *words), before = {"", 0};
  for (size_t i = 0; i <= t.len; i++)
    if (i == t.len || t.at[i] == ' ') {
      if (count == cap) words = realloc(words, (cap *= 2) * sizeof *words);
      words[count++] = (Slice){t.at + start, i - start};
      start = i + 1;
    }
  for (size_t i = 0; i < count; i++) {
    same += words[i].len == before.len && !memcmp(words[i].at, before.at, before.len);
    before = words[i];
  }
  free(words);
  return same;
}
int main(void) {
  long sum = 0;
  for (long round = 0; round < 5; round++) {
    Text text = build(400000 + round);
    long counts[26] = {0};
    tally(text, counts);
    for (long c = 0; c < 26; c++) sum += counts[c] * (c + 1);
    sum += same_neighbours(text) + (long)text.len;
    free(text.at);
  }
  printf("%ld\n", sum);
}
