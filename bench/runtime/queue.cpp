// The idea of rigtorp's SPSCQueue, written anew to be compared with: a ring of slots, two indices on lines of their own, each
// side with its own copy of the other's, an element at a time. Built and run by rings.py beside it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <new>

namespace {

struct Record {
    char bytes[64];
};

class Queue {
public:
    explicit Queue(std::size_t capacity)
        : capacity_(capacity + 1), slots_(static_cast<Record *>(::operator new(capacity_ * sizeof(Record), std::align_val_t(64)))) {
        std::memset(static_cast<void *>(slots_), 0, capacity_ * sizeof(Record));
    }
    ~Queue() { ::operator delete(slots_, std::align_val_t(64)); }
    Queue(const Queue &) = delete;
    Queue &operator=(const Queue &) = delete;

    void push(const Record &record) {
        const std::size_t at = write_.load(std::memory_order_relaxed);
        std::size_t next = at + 1;
        if (next == capacity_) next = 0;
        while (next == read_seen_) read_seen_ = read_.load(std::memory_order_acquire);
        slots_[at] = record;
        write_.store(next, std::memory_order_release);
    }

    const Record *front() {
        const std::size_t at = read_.load(std::memory_order_relaxed);
        if (at == write_seen_) {
            write_seen_ = write_.load(std::memory_order_acquire);
            if (at == write_seen_) return nullptr;
        }
        return &slots_[at];
    }

    void pop() {
        std::size_t next = read_.load(std::memory_order_relaxed) + 1;
        if (next == capacity_) next = 0;
        read_.store(next, std::memory_order_release);
    }

private:
    const std::size_t capacity_;
    Record *const slots_;
    alignas(64) std::atomic<std::size_t> write_{0};
    alignas(64) std::size_t read_seen_ = 0;
    alignas(64) std::atomic<std::size_t> read_{0};
    alignas(64) std::size_t write_seen_ = 0;
    char behind_[64 - sizeof(std::size_t)] = {};
};

}  // namespace

extern "C" {

void *queue_new(std::size_t capacity) { return new Queue(capacity); }
void queue_delete(void *queue) { delete static_cast<Queue *>(queue); }

void queue_send(void *queue, std::uint64_t count) {
    Record record;
    std::memset(record.bytes, 1, sizeof record.bytes);
    for (std::uint64_t i = 0; i < count; i++) static_cast<Queue *>(queue)->push(record);
}

// Nanoseconds from the first record to the last.
std::uint64_t queue_receive(void *queue, std::uint64_t count) {
    auto *q = static_cast<Queue *>(queue);
    volatile Record copied;
    auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < count; i++) {
        const Record *record;
        do record = q->front();
        while (!record);
        std::memcpy(const_cast<char *>(copied.bytes), record->bytes, sizeof record->bytes);
        q->pop();
        if (i == 0) start = std::chrono::steady_clock::now();
    }
    return std::uint64_t((std::chrono::steady_clock::now() - start).count());
}
}
