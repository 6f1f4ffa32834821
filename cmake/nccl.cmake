# The plugin lvr_nccl beside the program: NCCL between the GPUs that train together
# (core/train/nccl_group.cpp). Only where LIBTORCH is a CUDA build and the headers are found that
# c10d's own header for NCCL includes: in $CUDA_HOME, and in the wheels that PyTorch's CUDA wheel
# brings with it. nccl.h must be of the NCCL that LibTorch was built with. Without the plugin ranks
# meet over Gloo.
if(NOT EXISTS ${LIBTORCH}/lib/libtorch_cuda.so)
    return()
endif()
file(GLOB wheel_includes ${LIBTORCH}/../nvidia/*/include)
set(nccl_includes)
foreach(header IN ITEMS nccl.h cuda_runtime_api.h crt/host_defines.h cublas_v2.h cusparse.h cusolverDn.h)
    find_path(LVR_${header} ${header} HINTS ${wheel_includes} ENV CUDA_HOME /usr/local/cuda
              PATH_SUFFIXES include)
    if(NOT LVR_${header})
        message(STATUS "No NCCL: ${header} was not found; several GPUs train over Gloo")
        return()
    endif()
    list(APPEND nccl_includes ${LVR_${header}})
endforeach()
list(REMOVE_DUPLICATES nccl_includes)
add_library(lvr_nccl MODULE core/train/nccl_group.cpp)
target_include_directories(lvr_nccl SYSTEM PRIVATE ${nccl_includes})
target_link_libraries(lvr_nccl PRIVATE lvr_options torch ${LIBTORCH}/lib/libtorch_cuda.so
                                       ${LIBTORCH}/lib/libc10_cuda.so)
set_target_properties(lvr_nccl PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
install(TARGETS lvr_nccl LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR})
