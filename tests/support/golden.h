#pragma once

#include "core/files/safetensors.h"
#include "core/torch.h"
#include "core/vision/preprocess.h"
#include "tests/support/goldens.h"

// The tensors of the reference values, for tests that see torch.
namespace golden {

// The tensors of one file, as torch sees them.
class Tensors {
public:
    explicit Tensors(const std::string& name) : file_(lvr::SafetensorsFile::open(path(name))) {}
    bool has(const std::string& key) const { return file_.tensors().count(key) > 0; }
    torch::Tensor operator[](const std::string& key) const {
        const auto& view = file_.tensors().at(key);
        const auto type = view.dtype == lvr::DType::I64   ? torch::kInt64
                          : view.dtype == lvr::DType::I32 ? torch::kInt32
                                                          : torch::kFloat32;
        return torch::from_blob(const_cast<std::byte*>(view.data), view.shape, torch::dtype(type))
            .clone();
    }

private:
    lvr::SafetensorsFile file_;
};

inline double difference(const torch::Tensor& a, const torch::Tensor& b) {
    TORCH_CHECK(a.sizes() == b.sizes(), "shapes ", a.sizes(), " and ", b.sizes());
    return a.numel() == 0 ? 0.0 : (a - b).abs().max().item<double>();
}

// The named pixel_values of preprocess.safetensors, concatenated in order, with their grids.
inline lvr::Pixels pixels(const Tensors& tensors, const nlohmann::json& preprocess,
                          const std::vector<std::string>& names) {
    lvr::Pixels pixels;
    for (const auto& name : names) {
        const auto values = tensors[name].contiguous();
        pixels.values.insert(pixels.values.end(), values.data_ptr<float>(),
                             values.data_ptr<float>() + values.numel());
        for (const auto& c : preprocess["cases"]) {
            if (c["tensor"] != name) continue;
            const auto thw = c["grid_thw"].get<std::array<std::int64_t, 3>>();
            pixels.gridThw.push_back(thw);
            pixels.grids.push_back({static_cast<int>(thw[1] / 2), static_cast<int>(thw[2] / 2)});
            break;
        }
    }
    return pixels;
}

}  // namespace golden
