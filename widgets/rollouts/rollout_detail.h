#pragma once

#include <QWidget>
#include <vector>

#include "core/values/run.h"
#include "widgets/word_diff.h"

class QLabel;
class QTextEdit;

namespace lvr {

class HeatPicture;
class RolloutTokens;

// All of one rollout: what it was worth and why, its positions with their log-probabilities, how
// its words differ from those of the best of its group, and what its latents looked at.
class RolloutDetail : public QWidget {
    Q_OBJECT
public:
    explicit RolloutDetail(QWidget* parent = nullptr);

    void show(const Rollout& rollout, const Rollout& best);
    void clear();
    void showPicture(const QImage& picture);
    void showNoPicture(const QString& reason);

protected:
    void changeEvent(QEvent* event) override;

private:
    void build();
    void wire();

    std::vector<DiffPiece> pieces_;  // as difference_ shows them
    QLabel* question_;
    QLabel* summary_;
    RolloutTokens* tokens_;
    QTextEdit* difference_;
    QLabel* legend_;
    HeatPicture* picture_;
};

}  // namespace lvr
