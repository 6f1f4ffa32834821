# LibTorch as the imported target `torch`, from -DLIBTORCH=DIR (a folder with include/ and lib/) or
# from the wheel that ./dev put into .venv. No CUDA toolkit is needed: a CUDA build's
# libtorch_cuda.so is loaded when the program starts (core/model/device.cpp).
set(LIBTORCH "" CACHE PATH "LibTorch 2.11 or newer: the folder that holds include/ and lib/")
if(NOT LIBTORCH)
    file(GLOB wheels ${CMAKE_SOURCE_DIR}/.venv/lib/python3.*/site-packages/torch)
    list(LENGTH wheels found)
    if(found EQUAL 0)
        message(FATAL_ERROR "No LibTorch: run ./dev setup, or pass -DLIBTORCH=DIR")
    endif()
    list(GET wheels 0 wheel)
    set(LIBTORCH ${wheel} CACHE PATH "" FORCE)
endif()
if(NOT EXISTS ${LIBTORCH}/lib/libtorch_cpu.so)
    message(FATAL_ERROR "LIBTORCH=${LIBTORCH} has no lib/libtorch_cpu.so")
endif()
file(READ ${LIBTORCH}/include/torch/headeronly/version.h torch_version)
string(REGEX MATCH "TORCH_VERSION_MINOR ([0-9]+)" _ "${torch_version}")
if(CMAKE_MATCH_1 LESS 11)
    message(FATAL_ERROR "LIBTORCH=${LIBTORCH} is 2.${CMAKE_MATCH_1}; 2.11 or newer is needed")
endif()
# Several ranks meet through c10d's own headers (core/train/distributed.cpp), which LibTorch ships
# without promising them.
foreach(header IN ITEMS PrefixStore ProcessGroupGloo TCPStore)
    if(NOT EXISTS ${LIBTORCH}/include/torch/csrc/distributed/c10d/${header}.hpp)
        message(FATAL_ERROR "LIBTORCH=${LIBTORCH} has no c10d/${header}.hpp; take the version that ./dev setup installs")
    endif()
endforeach()
add_library(torch INTERFACE IMPORTED)
target_include_directories(torch SYSTEM INTERFACE
    ${LIBTORCH}/include ${LIBTORCH}/include/torch/csrc/api/include)
target_link_libraries(torch INTERFACE ${LIBTORCH}/lib/libtorch_cpu.so ${LIBTORCH}/lib/libc10.so)
target_link_options(torch INTERFACE -Wl,-rpath,${LIBTORCH}/lib)
target_compile_definitions(torch INTERFACE LVR_LIBTORCH_LIB="${LIBTORCH}/lib")
