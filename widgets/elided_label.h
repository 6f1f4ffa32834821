#pragma once

#include <QLabel>

namespace lvr {

// One line of text that never widens what it lies in: what has no room ends in "…", and the tool
// tip says all of it.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QString line() const;  // all in one
    bool isCut() const;
};

}  // namespace lvr
