/* The Arrow C stream interface: one record batch of columns. The structs are the interface's own; who is handed one owns
   it until it calls `release`, from any thread, with or without the interpreter, so all memory here is malloc's. */
#ifndef TRADECORE_ARROW_H
#define TRADECORE_ARROW_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* The stream's own memory: a schema and an array, built at once; the array is moved out by the first get_next. */
typedef struct {
    struct ArrowSchema schema;
    struct ArrowArray array;
} tc_batch;

static void tc_release_schema(struct ArrowSchema *it) {
    for (int64_t i = 0; i < it->n_children; i++) {
        if (it->children[i] && it->children[i]->release) it->children[i]->release(it->children[i]);
        free(it->children[i]);
    }
    if (it->dictionary && it->dictionary->release) it->dictionary->release(it->dictionary);
    free(it->dictionary);
    free(it->children);
    free((void *)it->format);
    free((void *)it->name);
    it->release = NULL;
}

static void tc_release_array(struct ArrowArray *it) {
    for (int64_t i = 0; i < it->n_children; i++) {
        if (it->children[i] && it->children[i]->release) it->children[i]->release(it->children[i]);
        free(it->children[i]);
    }
    for (int64_t i = 0; it->buffers && i < it->n_buffers; i++) free((void *)it->buffers[i]);
    if (it->dictionary && it->dictionary->release) it->dictionary->release(it->dictionary);
    free(it->dictionary);
    free(it->buffers);
    free(it->children);
    it->release = NULL;
}

static char *tc_copy_text(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

/* 0, or ENOMEM with whatever is half built left for the release to free. */
static int tc_open_schema(struct ArrowSchema *it, const char *format, const char *name, int64_t flags, int64_t children) {
    memset(it, 0, sizeof *it);
    it->release = tc_release_schema;
    it->flags = flags;
    it->format = tc_copy_text(format);
    it->name = tc_copy_text(name);
    it->children = calloc((size_t)(children ? children : 1), sizeof *it->children);
    if (!it->format || !it->name || !it->children) return ENOMEM;
    for (it->n_children = 0; it->n_children < children; it->n_children++)
        if (!(it->children[it->n_children] = calloc(1, sizeof **it->children))) return ENOMEM;
    return 0;
}

static int tc_open_array(struct ArrowArray *it, int64_t length, int64_t nulls, int64_t buffers, int64_t children) {
    memset(it, 0, sizeof *it);
    it->release = tc_release_array;
    it->length = length;
    it->null_count = nulls;
    it->buffers = calloc((size_t)(buffers ? buffers : 1), sizeof *it->buffers);
    it->children = calloc((size_t)(children ? children : 1), sizeof *it->children);
    if (!it->buffers || !it->children) return ENOMEM;
    it->n_buffers = buffers;
    for (it->n_children = 0; it->n_children < children; it->n_children++)
        if (!(it->children[it->n_children] = calloc(1, sizeof **it->children))) return ENOMEM;
    return 0;
}

/* Memory that free() takes; what is large lies on huge pages where there are any: half the time goes into fresh pages. */
static void *tc_new_buffer(size_t size) {
#ifdef __linux__
    const size_t page = (size_t)1 << 21;
    if (size >= page) {
        void *found = aligned_alloc(page, (size + page - 1) / page * page);
        if (found) madvise(found, size, MADV_HUGEPAGE);
        return found;
    }
#endif
    return malloc(size ? size : 1);
}

/* Numbers of 64 bits as numbers of 128. */
static int tc_widen_buffer(struct ArrowArray *it, int64_t place, const int64_t *numbers, int64_t count) {
    int64_t *wide = tc_new_buffer((size_t)count * 16);
    if (!wide) return ENOMEM;
    for (int64_t i = 0; i < count; i++) {
        wide[2 * i] = numbers[i];
        wide[2 * i + 1] = numbers[i] >> 63;
    }
    it->buffers[place] = wide;
    return 0;
}

static int tc_copy_buffer(struct ArrowArray *it, int64_t place, const void *bytes, size_t size) {
    void *copy = tc_new_buffer(size);
    if (!copy) return ENOMEM;
    if (size) memcpy(copy, bytes, size);
    it->buffers[place] = copy;
    return 0;
}

/* The words that a column's numbers stand for: texts. */
static int tc_add_words(struct ArrowSchema *it) {
    it->dictionary = calloc(1, sizeof *it->dictionary);
    return it->dictionary ? tc_open_schema(it->dictionary, "u", "", 2, 0) : ENOMEM;
}

static int tc_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    const struct ArrowSchema *from = &((tc_batch *)stream->private_data)->schema;
    int failed = tc_open_schema(out, from->format, from->name, from->flags, from->n_children);
    for (int64_t i = 0; !failed && i < from->n_children; i++) {
        const struct ArrowSchema *child = from->children[i];
        failed = tc_open_schema(out->children[i], child->format, child->name, child->flags, 0);
        if (!failed && child->dictionary) failed = tc_add_words(out->children[i]);
    }
    if (failed) out->release(out);
    return failed;
}

static int tc_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    tc_batch *batch = stream->private_data;
    *out = batch->array;           /* moved: the second time it is a released one, which is the end */
    batch->array.release = NULL;
    return 0;
}

static const char *tc_get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "out of memory";
}

static void tc_release_stream(struct ArrowArrayStream *stream) {
    tc_batch *batch = stream->private_data;
    if (batch->schema.release) batch->schema.release(&batch->schema);
    if (batch->array.release) batch->array.release(&batch->array);
    free(batch);
    stream->release = NULL;
}

/* A stream of `columns` columns still to be filled in, or NULL. */
static struct ArrowArrayStream *tc_new_stream(int64_t length, int64_t columns) {
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    tc_batch *batch = calloc(1, sizeof *batch);
    if (!stream || !batch) {
        free(stream);
        free(batch);
        return NULL;
    }
    *stream = (struct ArrowArrayStream){tc_get_schema, tc_get_next, tc_get_last_error, tc_release_stream, batch};
    if (tc_open_schema(&batch->schema, "+s", "", 0, columns) || tc_open_array(&batch->array, length, 0, 1, columns)) {
        tc_release_stream(stream);
        free(stream);
        return NULL;
    }
    return stream;
}

/* Fills in column `place`: 0, or ENOMEM. */
static int tc_set_column(struct ArrowArrayStream *stream, int64_t place, const char *name, const char *format,
                         int64_t nulls, int64_t buffers) {
    tc_batch *batch = stream->private_data;
    const int64_t nullable = 2;
    return tc_open_schema(batch->schema.children[place], format, name, nullable, 0) ||
           tc_open_array(batch->array.children[place], batch->array.length, nulls, buffers, 0);
}

static int tc_set_buffer(struct ArrowArrayStream *stream, int64_t place, int64_t buffer, const void *bytes, size_t size) {
    return tc_copy_buffer(((tc_batch *)stream->private_data)->array.children[place], buffer, bytes, size);
}

static int tc_set_wide(struct ArrowArrayStream *stream, int64_t place, int64_t buffer, const int64_t *numbers,
                       int64_t count) {
    return tc_widen_buffer(((tc_batch *)stream->private_data)->array.children[place], buffer, numbers, count);
}

/* The words of column `place`, whose numbers are indices: offsets and bytes. 0, or ENOMEM. */
static int tc_set_words(struct ArrowArrayStream *stream, int64_t place, int64_t count, const void *offsets,
                        const void *bytes, size_t size) {
    tc_batch *batch = stream->private_data;
    struct ArrowArray *column = batch->array.children[place];
    if (tc_add_words(batch->schema.children[place])) return ENOMEM;
    column->dictionary = calloc(1, sizeof *column->dictionary);
    return !column->dictionary || tc_open_array(column->dictionary, count, 0, 3, 0) ||
           tc_copy_buffer(column->dictionary, 1, offsets, (size_t)(count + 1) * 4) ||
           tc_copy_buffer(column->dictionary, 2, bytes, size);
}

static void tc_drop_stream(struct ArrowArrayStream *stream) {
    if (stream->release) stream->release(stream);
    free(stream);
}

#endif
