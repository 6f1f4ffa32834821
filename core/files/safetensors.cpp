#include "core/files/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <system_error>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::uint64_t kMaxHeader = 100'000'000;  // bytes, as in the reference implementation
constexpr std::uint64_t kLengthBytes = 8;          // header length in front of the header
constexpr const char* kMetadata = "__metadata__";

struct DTypeInfo {
    DType dtype;
    std::string_view name;
    std::size_t bytes;
};
constexpr std::array<DTypeInfo, 10> kDTypes{{{DType::Bool, "BOOL", 1},
                                             {DType::U8, "U8", 1},
                                             {DType::I8, "I8", 1},
                                             {DType::I16, "I16", 2},
                                             {DType::I32, "I32", 4},
                                             {DType::I64, "I64", 8},
                                             {DType::F16, "F16", 2},
                                             {DType::BF16, "BF16", 2},
                                             {DType::F32, "F32", 4},
                                             {DType::F64, "F64", 8}}};

const DTypeInfo& infoOf(DType dtype) {
    return *std::find_if(kDTypes.begin(), kDTypes.end(),
                         [&](const DTypeInfo& info) { return info.dtype == dtype; });
}

[[noreturn]] void failBroken(const std::string& file, const std::string& problem) {
    throw Error(file + " is not a valid safetensors file: " + problem +
                "; copy or download it again");
}

// [2, 3] -> 6 elements of the dtype, in bytes; nothing when that does not fit 63 bits. Zeros are
// left out while multiplying, so that an empty shape cannot hide a huge one.
std::optional<std::uint64_t> bytesOf(DType dtype, const std::vector<std::int64_t>& shape) {
    std::uint64_t bytes = bytesPerElement(dtype);
    for (const auto extent : shape) {
        if (extent < 0) return std::nullopt;
        if (extent == 0) continue;
        const auto factor = static_cast<std::uint64_t>(extent);
        if (bytes > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
        bytes *= factor;
    }
    return std::count(shape.begin(), shape.end(), 0) ? 0 : bytes;
}

class Mapping {
public:
    explicit Mapping(const fs::path& file) {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0) failToRead(file, errno);
        struct stat status {};
        const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
        size_ = regular ? static_cast<std::size_t>(status.st_size) : 0;
        if (size_ > 0) address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        const int mapError = errno;
        ::close(descriptor);
        if (!regular) throw Error(file.string() + " is not a regular file");
        if (size_ > 0 && address_ == MAP_FAILED) failToRead(file, mapError);
    }
    ~Mapping() {
        if (size_ > 0 && address_ != MAP_FAILED) ::munmap(address_, size_);
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    std::size_t size() const { return size_; }
    const std::byte* data() const { return static_cast<const std::byte*>(address_); }

private:
    [[noreturn]] static void failToRead(const fs::path& file, int reason) {
        throw Error("cannot read " + file.string() + ": " +
                    std::generic_category().message(reason));
    }

    void* address_ = MAP_FAILED;
    std::size_t size_ = 0;
};

std::string headerOf(const Mapping& mapping, const std::string& file) {
    if (mapping.size() < kLengthBytes) failBroken(file, "it is shorter than 8 bytes");
    std::uint64_t length = 0;
    std::memcpy(&length, mapping.data(), kLengthBytes);
    if (length > kMaxHeader) failBroken(file, "its header claims to be longer than 100 MB");
    if (length > mapping.size() - kLengthBytes) failBroken(file, "its header is cut off");
    std::string header(reinterpret_cast<const char*>(mapping.data()) + kLengthBytes, length);
    if (header.empty() || header.front() != '{')
        failBroken(file, "its header is not a JSON object");
    return header;
}

struct Entry {  // of the header; offsets count from the end of the header
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

DType dtypeOf(const JsonFields& fields) {
    const auto name = fields.get<std::string>("dtype");
    const auto found = std::find_if(kDTypes.begin(), kDTypes.end(),
                                    [&](const DTypeInfo& info) { return info.name == name; });
    if (found == kDTypes.end()) fields.fail("dtype", "is '" + name + "', which is not supported");
    return found->dtype;
}

Entry readEntry(const std::string& name, const JsonFields& fields) {
    fields.allowOnly({"dtype", "shape", "data_offsets"});
    Entry entry{.name = name,
                .dtype = dtypeOf(fields),
                .shape = fields.get<std::vector<std::int64_t>>("shape")};
    const auto offsets = fields.get<std::vector<std::int64_t>>("data_offsets");
    if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0])
        fields.fail("data_offsets", "must be [begin, end] with 0 <= begin <= end");
    entry.begin = static_cast<std::uint64_t>(offsets[0]);
    entry.end = static_cast<std::uint64_t>(offsets[1]);
    const auto bytes = bytesOf(entry.dtype, entry.shape);
    if (!bytes) fields.fail("shape", "is negative or too large");
    if (*bytes != entry.end - entry.begin)
        fields.fail("data_offsets", "do not span the " + std::to_string(*bytes) +
                                        " bytes that dtype and shape ask for");
    return entry;
}

std::map<std::string, std::string> readMetadata(const JsonFields& header) {
    std::map<std::string, std::string> metadata;
    if (const auto fields = header.object(kMetadata))
        for (const auto& key : fields->keys()) metadata[key] = fields->get<std::string>(key);
    return metadata;
}

std::vector<Entry> readEntries(const JsonFields& header) {
    std::vector<Entry> entries;
    for (const auto& name : header.keys()) {
        if (name == kMetadata) continue;
        const auto fields = header.object(name);
        if (!fields) header.fail(name, "must be an object");
        entries.push_back(readEntry(name, *fields));
    }
    return entries;
}

// Sorted by place, each tensor must begin where the one before it ended.
void checkLayout(std::vector<Entry>& entries, std::uint64_t dataBytes, const std::string& file) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t end = 0;
    for (const auto& entry : entries) {
        if (entry.begin < end) failBroken(file, "tensor " + entry.name + " overlaps another one");
        if (entry.begin > end) failBroken(file, "there is a hole in front of tensor " + entry.name);
        end = entry.end;
    }
    if (end > dataBytes) failBroken(file, "its data is cut off");
    if (end < dataBytes) failBroken(file, "there are bytes after its last tensor");
}

// Files whose header was not padded put tensors at odd addresses; reading them there would be
// undefined, so those tensors (and only those) are copied.
TensorView viewOf(const Entry& entry, const std::byte* data,
                  const std::shared_ptr<const Mapping>& mapping) {
    TensorView view{entry.dtype,
                    entry.shape,
                    data + entry.begin,
                    static_cast<std::size_t>(entry.end - entry.begin),
                    mapping,
                    true};
    if (reinterpret_cast<std::uintptr_t>(view.data) % bytesPerElement(view.dtype) == 0) return view;
    const auto copy =
        std::make_shared<const std::vector<std::byte>>(view.data, view.data + view.size);
    view.data = copy->data();
    view.owner = copy;
    view.mapped = false;
    return view;
}

void checkWritable(const TensorHeader& tensor, const std::string& file) {
    if (tensor.name == kMetadata || !bytesOf(tensor.dtype, tensor.shape))
        throw Error("cannot write " + file + ": tensor '" + tensor.name +
                    "' has a reserved name or an impossible shape");
}

// Wide dtypes first, so that every tensor is aligned when the first one is.
void putInWritingOrder(std::vector<TensorHeader>& tensors) {
    std::sort(tensors.begin(), tensors.end(), [](const TensorHeader& a, const TensorHeader& b) {
        const auto widthA = bytesPerElement(a.dtype), widthB = bytesPerElement(b.dtype);
        return widthA != widthB ? widthA > widthB : a.name < b.name;
    });
}

Json headerJson(const std::vector<TensorHeader>& tensors, const std::string& file) {
    Json header = Json::object();
    std::uint64_t end = 0;
    for (const auto& tensor : tensors) {
        const auto begin = end;
        end += *bytesOf(tensor.dtype, tensor.shape);
        const bool isNew = header
                               .emplace(tensor.name, Json{{"dtype", toText(tensor.dtype)},
                                                          {"shape", tensor.shape},
                                                          {"data_offsets", {begin, end}}})
                               .second;
        if (!isNew) throw Error("cannot write " + file + ": two tensors are named " + tensor.name);
    }
    return header;
}

std::string paddedHeader(const Json& header, const std::string& file) {
    auto text = toJsonText(header, file);
    text.resize((text.size() + 7) / 8 * 8, ' ');
    if (text.size() > kMaxHeader) throw Error("cannot write " + file + ": too many tensors");
    return text;
}

void appendTensor(AtomicFile& out, const TensorHeader& tensor, const GiveTensor& give,
                  const std::string& file) {
    std::uint64_t given = 0;
    give(tensor, [&](std::span<const std::byte> piece) {
        given += piece.size();
        out.append(piece);
    });
    if (const auto wanted = *bytesOf(tensor.dtype, tensor.shape); given != wanted)
        throw Error("cannot write " + file + ": tensor " + tensor.name + " came with " +
                    std::to_string(given) + " bytes and has " + std::to_string(wanted));
}

}  // namespace

std::size_t bytesPerElement(DType dtype) { return infoOf(dtype).bytes; }

std::string_view toText(DType dtype) { return infoOf(dtype).name; }

SafetensorsFile SafetensorsFile::open(const fs::path& file) {
    const auto mapping = std::make_shared<const Mapping>(file);
    const auto text = headerOf(*mapping, file.string());
    const JsonFields header(text, "the header of " + file.string());
    auto entries = readEntries(header);
    const auto dataStart = kLengthBytes + text.size();
    checkLayout(entries, mapping->size() - dataStart, file.string());

    SafetensorsFile opened;
    opened.metadata_ = readMetadata(header);
    for (const auto& entry : entries)
        opened.tensors_[entry.name] = viewOf(entry, mapping->data() + dataStart, mapping);
    return opened;
}

void dropFromMemory(const TensorView& view) {
    if (!view.mapped) return;
    static const auto kPage = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(view.data), end = begin + view.size;
    const auto from = (begin + kPage - 1) / kPage * kPage, to = end / kPage * kPage;
    if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

void streamSafetensors(const fs::path& file, std::vector<TensorHeader> tensors,
                       const GiveTensor& give, const std::map<std::string, std::string>& metadata) {
    for (const auto& tensor : tensors) checkWritable(tensor, file.string());
    putInWritingOrder(tensors);
    auto header = headerJson(tensors, file.string());
    if (!metadata.empty()) header[kMetadata] = metadata;
    const auto text = paddedHeader(header, file.string());
    const std::uint64_t length = text.size();

    AtomicFile out(file);
    out.append(std::as_bytes(std::span(&length, 1)));
    out.append(std::as_bytes(std::span(text)));
    for (const auto& tensor : tensors) appendTensor(out, tensor, give, file.string());
    out.commit();
}

void writeSafetensors(const fs::path& file, const std::vector<TensorBytes>& tensors,
                      const std::map<std::string, std::string>& metadata) {
    std::vector<TensorHeader> headers;
    std::map<std::string, const void*> dataOf;
    for (const auto& tensor : tensors) {
        headers.push_back({tensor.name, tensor.dtype, tensor.shape});
        dataOf[tensor.name] = tensor.data;
    }
    const auto give = [&](const TensorHeader& tensor, const WriteBytes& write) {
        write({static_cast<const std::byte*>(dataOf.at(tensor.name)),
               *bytesOf(tensor.dtype, tensor.shape)});
    };
    streamSafetensors(file, std::move(headers), give, metadata);
}

}  // namespace lvr
