#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "core/values/trace.h"
#include "core/vision/picture_plan.h"

class QSlider;

namespace lvr {

class ElidedLabel;
struct ModelInfo;

// How much of a picture's detail the model is shown: what the picture is scaled to, what that costs
// in visual tokens and, once a question was answered, in seconds; and a slider where there is a
// choice.
class DetailRow : public QWidget {
    Q_OBJECT
public:
    explicit DetailRow(QWidget* parent = nullptr);

    void showModel(const ModelInfo* model);  // null: none is open
    void showPictures(const std::vector<Image>& pictures);
    // What the question and its answer need of the positions that the model reads.
    void showQuestion(const QString& question, const DecodeOptions& options);
    void learn(const Trace& trace);  // what reading took, of an answered question

    PixelLimits limits() const { return limits_; }
    void setLimits(const PixelLimits& limits);
    // As the pictures would be read; one without cells where that is not known.
    std::vector<PatchGrid> grids() const;

Q_SIGNALS:
    void changed();  // by hand

private:
    std::optional<PicturePlan> planFor(const PixelLimits& limits) const;
    void moveTo(int place);
    void refresh();
    void placeSlider();
    QString text() const;

    std::optional<PreprocessConfig> model_;
    std::vector<Size> pictures_;
    ReadingRoom room_;
    PixelLimits limits_;
    std::optional<PicturePlan> plan_;  // nothing: no model, no picture, or no room for it
    double least_ = 0, most_ = 0;      // sides of the squares between which there is a choice
    std::optional<double> millisecondsAToken_;

    QSlider* slider_;
    ElidedLabel* label_;
};

}  // namespace lvr
