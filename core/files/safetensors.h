#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

enum class DType { Bool, U8, I8, I16, I32, I64, F16, BF16, F32, F64 };
std::size_t bytesPerElement(DType dtype);
std::string_view toText(DType dtype);  // "F32", as in the header

// Bytes that live as long as `owner`: inside the mapping, or a copy of them when the file put the
// tensor where a T could not be read in place. So `data` is always aligned for its dtype.
struct TensorView {
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    const std::byte* data = nullptr;
    std::size_t size = 0;  // bytes
    std::shared_ptr<const void> owner;
    bool mapped = false;  // inside the mapping
    template <class T>
    const T* as() const {
        return reinterpret_cast<const T*>(data);
    }
};

// The bytes have been read and won't be soon: where they are mapped they leave this process's
// memory, and a later look reads them from the file again.
void dropFromMemory(const TensorView& view);

// One memory-mapped .safetensors file, every rule of the format checked when it is opened:
// header length <= 100 MB and inside the file, JSON object, known dtype, shape product and byte
// range with checked arithmetic, no overlap, no hole, last offset = end of file, no duplicate key.
class SafetensorsFile {
public:
    static SafetensorsFile open(const std::filesystem::path& file);  // throws Error naming the file
    const std::map<std::string, TensorView>& tensors() const { return tensors_; }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }

private:
    std::map<std::string, TensorView> tensors_;
    std::map<std::string, std::string> metadata_;
};

// A tensor that will be written, without its bytes.
struct TensorHeader {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
};
// Called for one tensor after the other: calls write with that tensor's bytes, in one or more
// pieces. Nothing of it is needed after it returns, so only one tensor need be held at a time.
using WriteBytes = std::function<void(std::span<const std::byte>)>;
using GiveTensor = std::function<void(const TensorHeader& tensor, const WriteBytes& write)>;
// Atomic: temporary file beside it, fsync, rename. Tensors are asked for in the order of the file,
// wide dtypes first. Throws Error and leaves nothing behind; so does what `give` throws.
void streamSafetensors(const std::filesystem::path& file, std::vector<TensorHeader> tensors,
                       const GiveTensor& give,
                       const std::map<std::string, std::string>& metadata = {});

struct TensorBytes {  // to be written; data must outlive the call
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    const void* data = nullptr;
};
void writeSafetensors(const std::filesystem::path& file, const std::vector<TensorBytes>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace lvr
